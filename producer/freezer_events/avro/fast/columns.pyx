# cython: language_level=3, boundscheck=False, wraparound=False, auto_pickle=False, cdivision=True
"""Arrow columns to Avro bodies, compiled: no Python object for any value.

Writes the same as `avro.arrow.in_python`. The arrays are read where they are; whoever calls keeps
them.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.mem cimport PyMem_Free, PyMem_Realloc
from libc.math cimport isfinite
from libc.stdint cimport int32_t, int64_t, uint8_t, uint64_t, uintptr_t
from libc.string cimport memcpy

from freezer_events.avro.arrow import layouts, run

cdef extern from *:
    """
    #ifndef SOURCES
    #define SOURCES 0
    #endif
    """
    unsigned long SOURCE_CRC "SOURCES"

SOURCES = SOURCE_CRC  # what this was compiled from: `avro.fast` compares

cdef int DOUBLE = layouts.DOUBLE, FLOAT = layouts.FLOAT, WHOLE = layouts.WHOLE
cdef int BOOLEAN = layouts.BOOLEAN, TEXT = layouts.TEXT, UUID = layouts.UUID
cdef int CONSTANT = layouts.CONSTANT, RECORD = layouts.RECORD
cdef Py_ssize_t LARGEST = run.LARGEST_BYTES, MOST_BYTES = run.MOST_BYTES
cdef int32_t NO_KEY = run.NO_KEY
cdef int ELSEWHERE = run.ELSEWHERE

cdef enum:
    MOST = 512
    UUID_SIZE = 36

if run.MOST != MOST:
    raise ImportError("a run has another length")


cdef class _Bytes:
    """Bytes that grow; `at` is where the next go, once there is room for them."""

    cdef char *data
    cdef char *at
    cdef char *end

    def __dealloc__(self):
        PyMem_Free(self.data)

    cdef int reserve(self, Py_ssize_t count) except -1:
        cdef Py_ssize_t used = self.at - self.data, room
        cdef char *grown
        if self.end - self.at < count:
            room = max(65536, 2 * (used + count))
            grown = <char *>PyMem_Realloc(self.data, room)
            if grown is NULL:
                raise MemoryError
            self.data, self.at, self.end = grown, grown + used, grown + room
        return 0

    cdef void varint(self, uint64_t number) noexcept:
        while number > 127:
            self.at[0] = <char>(number & 127 | 128)
            self.at += 1
            number >>= 7
        self.at[0] = <char>number
        self.at += 1

    cdef void long(self, int64_t number) noexcept:
        self.varint((<uint64_t>number << 1) ^ <uint64_t>(number >> 63))

    cdef void put(self, const char *found, Py_ssize_t count) noexcept:
        memcpy(self.at, found, count)
        self.at += count


cdef class _Cells:
    """One column (`avro.arrow.layouts.Column`) with the addresses of its arrays."""

    cdef object column
    cdef int form
    cdef int null
    cdef const uint8_t *valid
    cdef const char *values
    cdef const int64_t *offsets
    cdef int64_t low, high, multiply, divide
    cdef bytes constant
    cdef tuple children

    def __cinit__(self, column):
        self.column = column  # which keeps the arrays
        self.form, self.null = column.form, column.null
        self.low, self.high = column.low, column.high
        self.multiply, self.divide = column.multiply, column.divide
        self.constant = column.constant
        self.children = tuple([_Cells(each) for each in column.children])
        self.valid, self.values, self.offsets = NULL, NULL, NULL
        if column.valid is not None:
            self.valid = <const uint8_t *>_data(column.valid, 1, 1)
        if self.form == TEXT or self.form == UUID:
            self.offsets = <const int64_t *>_data(column.values, 1, 8)
            self.values = _data(column.values, 2, 0)
        elif column.values is not None:
            size = 4 if self.form == FLOAT else 1 if self.form == BOOLEAN else 8
            self.values = _data(column.values, 1, size)

    cdef int write(self, Py_ssize_t row, _Bytes out) except -1:
        """Write a row's value; 0: it does not fit."""
        cdef Py_ssize_t number
        out.reserve(32)
        if self.form == CONSTANT:
            out.reserve(PyBytes_GET_SIZE(self.constant))
            out.put(PyBytes_AS_STRING(self.constant), PyBytes_GET_SIZE(self.constant))
            return 1
        if self.valid is not NULL and not self.valid[row]:
            if self.null < 0:
                return 0
            out.long(self.null)
            return 1
        if self.null >= 0:
            out.long(1 - self.null)
        if self.form == RECORD:
            for number in range(len(self.children)):
                if not (<_Cells>self.children[number]).write(row, out):
                    return 0
            return 1
        if self.form == TEXT or self.form == UUID:
            return self.text(row, out)
        return self.number(row, out)

    cdef int number(self, Py_ssize_t row, _Bytes out) noexcept:
        cdef int64_t whole
        cdef const char *at
        if self.form == DOUBLE:
            at = self.values + 8 * row
            if not isfinite((<const double *>at)[0]):
                return 0
            out.put(at, 8)
        elif self.form == FLOAT:
            at = self.values + 4 * row
            if not isfinite((<const float *>at)[0]):
                return 0
            out.put(at, 4)
        elif self.form == BOOLEAN:
            out.put(b"\1" if self.values[row] else b"\0", 1)
        else:
            whole = (<const int64_t *>self.values)[row]
            if not self.low <= whole <= self.high:
                return 0
            if self.divide != 1:
                # Of numbers below 0, too, only those without a rest are divided.
                if whole % self.divide:
                    return 0
                whole //= self.divide
            out.long(whole * self.multiply)
        return 1

    cdef int text(self, Py_ssize_t row, _Bytes out) except -1:
        cdef Py_ssize_t size = self.offsets[row + 1] - self.offsets[row]
        cdef const char *found = self.values + self.offsets[row]
        cdef int number
        if size > LARGEST:
            return 0
        if self.form == UUID:
            if size != UUID_SIZE:
                return 0
            for number in range(UUID_SIZE):
                if number in (8, 13, 18, 23):
                    if found[number] != b"-":
                        return 0
                elif not (b"0" <= found[number] <= b"9" or b"a" <= found[number] <= b"f"):
                    return 0
        out.reserve(size + 10)
        out.varint(<uint64_t>size << 1)
        if size:
            out.put(found, size)
        return 1


cdef const char *_data(object array, int buffer, Py_ssize_t size) except? NULL:
    """Return where an array's values begin; `size` is that of one."""
    found = array.buffers()[buffer]
    if found is None or not found.size:
        return NULL
    return <const char *><uintptr_t>found.address + <Py_ssize_t>array.offset * size


cdef class ColumnEncoder:
    """Encodes the rows of one batch.

    Args:
        columns: those of the record.
        keys: an array of large_string; None where no message has a key.
        fits: an array of uint8: 0 where a text can be no key, ELSEWHERE where the row is not to be
            kept; None where all can and are.
        count: how many rows there are.
    """

    cdef tuple cells
    cdef object keys, fits
    cdef Py_ssize_t count
    cdef const int64_t *key_offsets
    cdef const char *key_text
    cdef const uint8_t *key_fits
    cdef _Bytes bodies

    def __cinit__(self, columns not None, keys, fits, Py_ssize_t count):
        self.cells = tuple([_Cells(each) for each in columns])
        self.keys, self.fits, self.count = keys, fits, count
        self.key_offsets, self.key_text, self.key_fits = NULL, NULL, NULL
        self.bodies = _Bytes()
        if keys is not None:
            self.key_offsets = <const int64_t *>_data(keys, 1, 8)
            self.key_text = _data(keys, 2, 0)
        if fits is not None:
            self.key_fits = <const uint8_t *>_data(fits, 1, 1)

    def __call__(self, Py_ssize_t at):
        """Encode rows from one on, until one does not fit or they are many.

        Returns how many are kept, what an EncodedRun has as its data, how many rows were looked at,
        and the kept ones as int32, counted from the first; None where these are all.
        """
        cdef int32_t sizes[2 * MOST]
        cdef int32_t kept[MOST]
        cdef Py_ssize_t row = at, begun, key_bytes = 0, number
        cdef int count = 0
        cdef _Bytes out = self.bodies
        cdef bint good
        out.at = out.data
        while row < self.count and count < MOST and out.at - out.data < MOST_BYTES:
            begun = out.at - out.data
            good = self.key_fits is NULL or self.key_fits[row]
            for number in range(len(self.cells)):
                if not good:
                    break
                good = (<_Cells>self.cells[number]).write(row, out)
            if not good or out.at - out.data - begun > LARGEST:
                out.at = out.data + begun
                break
            if self.key_fits is not NULL and self.key_fits[row] == ELSEWHERE:
                out.at = out.data + begun
                row += 1
                continue
            kept[count] = row - at
            sizes[2 * count] = NO_KEY
            if self.key_offsets is not NULL:
                sizes[2 * count] = self.key_offsets[row + 1] - self.key_offsets[row]
                key_bytes += sizes[2 * count]
            sizes[2 * count + 1] = out.at - out.data - begun
            count += 1
            row += 1
        cdef Py_ssize_t body_bytes = out.at - out.data
        cdef bytes data = PyBytes_FromStringAndSize(NULL, 8 * count + key_bytes + body_bytes)
        cdef int32_t *lengths = <int32_t *>PyBytes_AS_STRING(data)
        for number in range(count):
            lengths[number] = sizes[2 * number]
            lengths[count + number] = sizes[2 * number + 1]
        cdef char *rest = PyBytes_AS_STRING(data) + 8 * count
        if body_bytes:
            memcpy(rest + key_bytes, out.data, body_bytes)
        if key_bytes and row - at == count:  # keys of rows that follow one another do so, too
            memcpy(rest, self.key_text + self.key_offsets[at], key_bytes)
        elif key_bytes:
            for number in range(count):
                memcpy(rest, self.key_text + self.key_offsets[at + kept[number]], lengths[number])
                rest += lengths[number]
        indexes = None
        if row - at > count:
            indexes = PyBytes_FromStringAndSize(<char *>kept, count * sizeof(int32_t))
        return count, data, row - at, indexes
