# cython: language_level=3, boundscheck=False, wraparound=False, auto_pickle=False
"""The pieces that a decoder is put together from, compiled: those of `avro.reads`, with other names.

Errors here are bare: whoever meets one decodes the body again in Python, which says what is wrong.
"""

cimport cython
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.datetime cimport datetime_new, import_datetime
from cpython.object cimport PyObject
from cpython.ref cimport Py_INCREF
from cpython.tuple cimport PyTuple_GET_ITEM, PyTuple_GET_SIZE
from cpython.unicode cimport PyUnicode_DecodeUTF8
from libc.stdint cimport INT64_MIN, int64_t, uint64_t

from datetime import UTC
from types import MemberDescriptorType
from uuid import UUID, SafeUUID

from freezer_events.avro.binary import MOST_EMPTY
from freezer_events.avro.values import DEEPEST

cdef extern from *:
    """
    #ifndef SOURCES
    #define SOURCES 0
    #endif

    #define NEW(type) PyType_GenericAlloc((PyTypeObject *)(type), 0)

    static PyObject *number_of(const unsigned char *at) {
    #if PY_VERSION_HEX >= 0x030D0000
        return PyLong_FromUnsignedNativeBytes(at, 16, Py_ASNATIVEBYTES_BIG_ENDIAN);
    #else
        return _PyLong_FromByteArray(at, 16, 0, 0);
    #endif
    }

    /* 36 characters, grouped by dashes, as 16 bytes; 0 for any other form. */
    static int uuid_bytes(const unsigned char *text, unsigned char *at) {
        for (int number = 0; number < 36; number++) {
            int c = text[number], half;
            if (number == 8 || number == 13 || number == 18 || number == 23) {
                if (c != '-')
                    return 0;
                continue;
            }
            if (c >= '0' && c <= '9')
                half = c - '0';
            else if ((c | 32) >= 'a' && (c | 32) <= 'f')
                half = (c | 32) - 'a' + 10;
            else
                return 0;
            int digit = number - (number > 8) - (number > 13) - (number > 18) - (number > 23);
            at[digit / 2] = digit % 2 ? (unsigned char)(at[digit / 2] | half) : (unsigned char)(half << 4);
        }
        return 1;
    }

    /* The date so many days after 1970-01-01, in years that begin in March. */
    static void date_after_1970(int64_t days, int *year, int *month, int *day) {
        int64_t z = days + 719468, era = (z >= 0 ? z : z - 146096) / 146097, of_era = z - era * 146097;
        int64_t years = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
        int64_t of_year = of_era - (365 * years + years / 4 - years / 100);
        int64_t shifted = (5 * of_year + 2) / 153;
        *day = (int)(of_year - (153 * shifted + 2) / 5 + 1);
        *month = (int)(shifted < 10 ? shifted + 3 : shifted - 9);
        *year = (int)(years + era * 400 + (*month <= 2));
    }
    """
    unsigned long SOURCE_CRC "SOURCES"
    object NEW(object type)
    object number_of(const unsigned char *at)
    int uuid_bytes(const unsigned char *text, unsigned char *at) noexcept
    void date_after_1970(int64_t days, int *year, int *month, int *day) noexcept

cdef extern from "slots.h":
    Py_ssize_t offset_in_object(object descriptor)
    PyObject **slot_at(object of, Py_ssize_t offset)

cdef extern from "Python.h":
    double PyFloat_Unpack4(const char *at, int little_endian) except? -1
    double PyFloat_Unpack8(const char *at, int little_endian) except? -1

import_datetime()

SOURCES = SOURCE_CRC  # what this was compiled from: `avro.fast` compares

cdef int _DEEPEST = DEEPEST
cdef Py_ssize_t _MOST_EMPTY = MOST_EMPTY
cdef object _UUID = UUID, _UNKNOWN = SafeUUID.unknown, _UTC = UTC


cdef Py_ssize_t _offset(object kind, str name) except -1:
    """Return where objects of a class keep an attribute; raises where that is not in a slot."""
    descriptor = getattr(kind, name)
    if type(descriptor) is not MemberDescriptorType or not issubclass(kind, descriptor.__objclass__):
        raise TypeError
    return offset_in_object(descriptor)


cdef Py_ssize_t _NUMBER = _offset(UUID, "int"), _SAFE = _offset(UUID, "is_safe")


cdef inline int _set(object of, Py_ssize_t offset, object value) except -1:
    """Fill a slot of an object that is new."""
    cdef PyObject **at = slot_at(of, offset)
    if at[0] is not NULL:
        raise TypeError
    Py_INCREF(value)
    at[0] = <PyObject *>value
    return 0


@cython.final
cdef class _In:
    """A body, and where in it reading has come to."""

    cdef const unsigned char *data
    cdef Py_ssize_t at, size
    cdef int depth

    cdef int enter(self) except -1:
        if self.depth == _DEEPEST:
            raise RecursionError
        self.depth += 1
        return 0

    cdef const unsigned char *take(self, Py_ssize_t count) except NULL:
        cdef const unsigned char *found = self.data + self.at
        if count < 0 or count > self.size - self.at:
            raise ValueError
        self.at += count
        return found

    cdef int64_t long(self) except? -1:
        cdef uint64_t number = 0
        cdef int shift = 0
        cdef unsigned char byte
        while True:
            if self.at >= self.size:
                raise ValueError
            byte = self.data[self.at]
            self.at += 1
            if shift < 63:
                number |= <uint64_t>(byte & 127) << shift
            elif byte & 127 > (1 if shift == 63 else 0):
                raise ValueError  # more than 64 bits
            elif shift == 63:
                number |= <uint64_t>(byte & 127) << 63
            if byte < 128:
                return <int64_t>(number >> 1) ^ -<int64_t>(number & 1)
            shift += 7


cdef class Read:
    """One type of the writer's schema, as the reader's."""

    cdef object read(self, _In at):
        raise NotImplementedError


@cython.final
cdef class Null(Read):
    cdef object read(self, _In at):
        return None


@cython.final
cdef class Boolean(Read):
    cdef object read(self, _In at):
        cdef unsigned char found = at.take(1)[0]
        if found > 1:
            raise ValueError
        return found == 1


@cython.final
cdef class Whole(Read):
    cdef bint short

    def __cinit__(self, int bits):
        self.short = bits == 32

    cdef object read(self, _In at):
        cdef int64_t found = at.long()
        if self.short and not -0x80000000 <= found <= 0x7FFFFFFF:
            raise ValueError
        return found


@cython.final
cdef class Real(Read):
    cdef int size

    def __cinit__(self, int size):
        self.size = size

    cdef object read(self, _In at):
        cdef const char *found = <const char *>at.take(self.size)
        return PyFloat_Unpack8(found, 1) if self.size == 8 else PyFloat_Unpack4(found, 1)


@cython.final
cdef class Bytes(Read):
    cdef object read(self, _In at):
        cdef int64_t size = at.long()
        return PyBytes_FromStringAndSize(<const char *>at.take(size), size)


@cython.final
cdef class Fixed(Read):
    cdef Py_ssize_t size

    def __cinit__(self, Py_ssize_t size):
        self.size = size

    cdef object read(self, _In at):
        return PyBytes_FromStringAndSize(<const char *>at.take(self.size), self.size)


@cython.final
cdef class String(Read):
    cdef object read(self, _In at):
        cdef int64_t size = at.long()
        return PyUnicode_DecodeUTF8(<const char *>at.take(size), size, NULL)


@cython.final
cdef class Converted(Read):
    """A value that becomes another one."""

    cdef Read raw
    cdef object convert

    def __cinit__(self, Read raw not None, object convert not None):
        self.raw, self.convert = raw, convert

    cdef object read(self, _In at):
        return self.convert(self.raw.read(at))


@cython.final
cdef class Uuid(Read):
    cdef bint text

    def __cinit__(self, bint text):
        self.text = text

    cdef object read(self, _In at):
        cdef unsigned char found[16]
        cdef const unsigned char *given
        cdef int64_t size
        if self.text:
            size = at.long()
            given = at.take(size)
            if size != 36 or not uuid_bytes(given, found):
                return UUID(PyUnicode_DecodeUTF8(<const char *>given, size, NULL))
            given = found
        else:
            given = at.take(16)
        made = NEW(_UUID)
        _set(made, _NUMBER, number_of(given))
        _set(made, _SAFE, _UNKNOWN)
        return made


@cython.final
cdef class Timestamp(Read):
    """Units of `micros` microseconds since 1970, in UTC or without a zone."""

    cdef int64_t per_second, micros
    cdef object zone

    def __cinit__(self, int micros, bint local):
        self.micros, self.per_second = micros, 1000000 // micros
        self.zone = None if local else UTC

    cdef object read(self, _In at):
        cdef int64_t units = at.long(), seconds, rest, days
        cdef int year, month, day
        seconds, rest = units // self.per_second, units % self.per_second
        if rest < 0:
            seconds, rest = seconds - 1, rest + self.per_second
        days, seconds = seconds // 86400, seconds % 86400
        if seconds < 0:
            days, seconds = days - 1, seconds + 86400
        if not -719162 <= days < 2932897:
            raise OverflowError
        date_after_1970(days, &year, &month, &day)
        return datetime_new(
            year, month, day, seconds // 3600, seconds // 60 % 60, seconds % 60,
            rest * self.micros, self.zone,
        )


@cython.final
cdef class Enum(Read):
    """Members by index; None is none that can be read."""

    cdef tuple members

    def __cinit__(self, tuple members not None):
        self.members = members

    cdef object read(self, _In at):
        cdef int64_t index = at.long()
        if not 0 <= index < PyTuple_GET_SIZE(self.members):
            raise ValueError
        found = <object>PyTuple_GET_ITEM(self.members, index)
        if found is None:
            raise ValueError
        return found


@cython.final
cdef class Union(Read):
    cdef tuple branches

    def __cinit__(self, tuple branches not None):
        if not all(isinstance(each, Read) for each in branches):
            raise TypeError
        self.branches = branches

    cdef object read(self, _In at):
        cdef int64_t index = at.long()
        if not 0 <= index < PyTuple_GET_SIZE(self.branches):
            raise ValueError
        return (<Read><object>PyTuple_GET_ITEM(self.branches, index)).read(at)


@cython.final
cdef class _Blocks:
    """The blocks of an array or a map."""

    cdef Py_ssize_t empty

    cdef int64_t next(self, _In at) except? -1:
        """Return how many items come next, 0 at the end; no count is believed beyond the bytes."""
        cdef int64_t count = at.long()
        if count < 0:
            if count == INT64_MIN:
                raise ValueError
            count = -count
            at.long()
        if count > max(at.size - at.at, _MOST_EMPTY):
            raise ValueError
        return count

    cdef int ended(self, _In at, Py_ssize_t start, int64_t count) except -1:
        self.empty += count if at.at == start else 0
        if self.empty > _MOST_EMPTY:
            raise ValueError
        return 0


@cython.final
cdef class Array(Read):
    cdef Read item

    def __cinit__(self, Read item not None):
        self.item = item

    cdef object read(self, _In at):
        cdef list found = []
        cdef _Blocks blocks = _Blocks()
        cdef Py_ssize_t start
        cdef int64_t count = blocks.next(at), number
        at.enter()
        while count:
            start = at.at
            for number in range(count):
                found.append(self.item.read(at))
            blocks.ended(at, start, count)
            count = blocks.next(at)
        at.depth -= 1
        return found


@cython.final
cdef class Map(Read):
    cdef Read key, item

    def __cinit__(self, Read item not None):
        self.key, self.item = String(), item

    cdef object read(self, _In at):
        cdef dict found = {}
        cdef _Blocks blocks = _Blocks()
        cdef Py_ssize_t start
        cdef int64_t count = blocks.next(at), number
        at.enter()
        while count:
            start = at.at
            for number in range(count):
                key = self.key.read(at)
                found[key] = self.item.read(at)
            blocks.ended(at, start, count)
            count = blocks.next(at)
        at.depth -= 1
        return found


@cython.final
cdef class Later(Read):
    """What stands for a piece until that is made."""

    cdef object look_up
    cdef Read found

    def __cinit__(self, object look_up):
        self.look_up = look_up

    cdef object read(self, _In at):
        if self.found is None:
            self.found = self.look_up()
        return self.found.read(at)


@cython.final
cdef class Skipped(Read):
    """A record that nobody wants; the list of its fields may still grow."""

    cdef list fields

    def __cinit__(self, list fields not None):
        self.fields = fields

    cdef object read(self, _In at):
        at.enter()
        for each in self.fields:
            (<Read?>each).read(at)
        at.depth -= 1


@cython.final
cdef class Record(Read):
    """An object of a generated class, whose slots are filled.

    Args:
        kind: the class.
        attributes: of all its fields.
        steps: pairs of place in `attributes`, or -1 for what nobody wants, and what reads it.
        fill: pairs of place and function: values that are not there to be read.

    """

    cdef object kind
    cdef tuple reads, fill
    cdef bytes places, offsets  # a slot for each of `reads`, -1 where none is filled; for each field

    def __cinit__(self, object kind, tuple attributes, tuple steps, tuple fill):
        cdef Py_ssize_t offset
        if not isinstance(kind, type) or kind.__new__ is not object.__new__:
            raise TypeError
        offsets = [_offset(kind, each) for each in attributes]
        written = sorted(at for at, _ in (*steps, *fill) if at >= 0)
        if 0 in offsets or written != list(range(len(offsets))):
            raise TypeError  # each slot is filled once
        places = b""
        for at, each in steps:
            if not isinstance(each, Read):
                raise TypeError
            offset = offsets[at] if at >= 0 else -1
            places += PyBytes_FromStringAndSize(<char *>&offset, sizeof(offset))
        self.kind, self.places = kind, places
        self.reads = tuple(each for _, each in steps)
        self.fill = tuple((offsets[at], make) for at, make in fill)

    cdef object read(self, _In at):
        cdef Py_ssize_t number
        cdef const Py_ssize_t *places = <const Py_ssize_t *>PyBytes_AS_STRING(self.places)
        at.enter()
        made = NEW(self.kind)
        for number in range(PyTuple_GET_SIZE(self.reads)):
            value = (<Read><object>PyTuple_GET_ITEM(self.reads, number)).read(at)
            if places[number] > 0:
                _set(made, places[number], value)
        for offset, make in self.fill:
            _set(made, offset, make())
        at.depth -= 1
        return made


@cython.final
cdef class Decoder:
    """Called with a body, returns what it holds; raises if it is not exactly that."""

    cdef Read root
    cdef object again

    def __cinit__(self, Read root not None, object again not None):
        self.root, self.again = root, again

    def __call__(self, body):
        cdef _In at = _In()
        if type(body) is not bytes:
            return self.again(body)
        at.data = <const unsigned char *>PyBytes_AS_STRING(<bytes>body)
        at.size = PyBytes_GET_SIZE(<bytes>body)
        try:
            found = self.root.read(at)
            if at.at == at.size:
                return found
        except Exception:
            pass
        return self.again(body)
