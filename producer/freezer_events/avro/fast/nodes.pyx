# cython: language_level=3, boundscheck=False, wraparound=False, auto_pickle=False
"""Avro encoding of generated events, compiled: a tree of nodes, each of which writes one type.

Takes and refuses the same values as the generated `encode`, and writes the same bytes. Errors here
are bare: `codec.invalid_event` says which field and why.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.datetime cimport (
    PyDelta_CheckExact, import_datetime, timedelta_days, timedelta_microseconds, timedelta_seconds,
)
from cpython.mem cimport PyMem_Free, PyMem_Malloc, PyMem_Realloc
from cpython.unicode cimport PyUnicode_AsUTF8AndSize
from libc.math cimport isfinite
from libc.stdint cimport int64_t, uint64_t
from libc.string cimport memcpy

from datetime import UTC, date, datetime, time
from uuid import UUID

from freezer_events.avro.runtime import DEEPEST, moment

cdef extern from "Python.h":
    int PyFloat_Pack4(double number, char *at, int little_endian) except -1
    int PyFloat_Pack8(double number, char *at, int little_endian) except -1

import_datetime()

cdef object _EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
cdef object _LOCAL_EPOCH = datetime(1970, 1, 1)
cdef long _ORDINAL_OF_1970 = 719163
# In variables: isinstance asks an object's __class__ as well then, as it does in Python.
cdef object _FLOAT = float, _LIST = list, _DICT = dict
cdef int _DEEPEST = DEEPEST
cdef const char *_HEX = b"0123456789abcdef"
cdef Py_ssize_t _KEPT = 65536  # a buffer that has grown beyond this is not kept


cdef class _Out:
    """Bytes that grow."""

    cdef char *data
    cdef Py_ssize_t size, room
    cdef int depth  # of records, arrays and maps: the generated Python has a function for each

    def __cinit__(self):
        self.room = 512
        self.data = <char *>PyMem_Malloc(self.room)
        if self.data is NULL:
            raise MemoryError

    def __dealloc__(self):
        PyMem_Free(self.data)

    cdef char *space(self, Py_ssize_t count) except NULL:
        """Return where the next bytes go, with room for `count` of them."""
        cdef char *grown
        if self.size + count > self.room:
            self.room = (self.size + count) * 2
            grown = <char *>PyMem_Realloc(self.data, self.room)
            if grown is NULL:
                raise MemoryError
            self.data = grown
        return self.data + self.size

    cdef int enter(self) except -1:
        if self.depth == _DEEPEST:
            raise RecursionError
        self.depth += 1
        return 0

    cdef int put(self, const char *found, Py_ssize_t count) except -1:
        memcpy(self.space(count), found, count)
        self.size += count
        return 0

    cdef int varint(self, uint64_t number) except -1:
        """Write seven bits to a byte, lowest first."""
        cdef char *at = self.space(10)
        cdef Py_ssize_t count = 0
        while number > 127:
            at[count] = <char>(number & 127 | 128)
            number >>= 7
            count += 1
        at[count] = <char>number
        self.size += count + 1
        return 0

    cdef int long(self, int64_t number) except -1:
        return self.varint((<uint64_t>number << 1) ^ <uint64_t>(number >> 63))

    cdef int sized(self, const char *found, Py_ssize_t count) except -1:
        self.varint(<uint64_t>count << 1)
        return self.put(found, count)


cdef class Node:
    """One type of the schema."""

    cdef int write(self, object value, _Out out) except -1:
        raise NotImplementedError


cdef class Null(Node):
    cdef int write(self, object value, _Out out) except -1:
        if value is not None:
            raise TypeError
        return 0


cdef class Boolean(Node):
    cdef int write(self, object value, _Out out) except -1:
        if value is not True and value is not False:
            raise TypeError
        return out.put(b"\1" if value else b"\0", 1)


cdef class Whole(Node):
    """An int or a long, told apart by its bounds."""

    cdef int64_t lowest, highest

    def __cinit__(self, int bits):
        self.highest = <int64_t>((<uint64_t>1 << (bits - 1)) - 1)
        self.lowest = -self.highest - 1

    cdef int write(self, object value, _Out out) except -1:
        cdef int64_t number
        if type(value) is not int:
            raise TypeError
        number = value
        if not self.lowest <= number <= self.highest:
            raise OverflowError
        return out.long(number)


cdef class Real(Node):
    """A float or a double, of 4 or 8 bytes; whole numbers up to `limit` lose nothing as one."""

    cdef int size
    cdef object limit

    def __cinit__(self, int size):
        self.size = size
        self.limit = 2**53 if size == 8 else 2**24

    cdef int write(self, object value, _Out out) except -1:
        cdef double number
        if type(value) is not float:
            if type(value) is int:
                if not -self.limit <= value <= self.limit:
                    raise TypeError
            elif not isinstance(value, _FLOAT):
                raise TypeError
            value = float(value)  # of a subclass, what its __float__ returns
        number = value
        if not isfinite(number):
            raise ValueError
        if self.size == 8:
            PyFloat_Pack8(number, out.space(8), 1)
        else:
            PyFloat_Pack4(number, out.space(4), 1)  # raises if the number is too large
        out.size += self.size
        return 0


cdef class Bytes(Node):
    cdef int write(self, object value, _Out out) except -1:
        if not isinstance(value, bytes):
            raise TypeError
        return out.sized(PyBytes_AS_STRING(value), PyBytes_GET_SIZE(value))


cdef class Fixed(Node):
    cdef Py_ssize_t size

    def __cinit__(self, Py_ssize_t size):
        self.size = size

    cdef int write(self, object value, _Out out) except -1:
        if not isinstance(value, bytes) or PyBytes_GET_SIZE(value) != self.size:
            raise TypeError
        return out.put(PyBytes_AS_STRING(value), self.size)


cdef class String(Node):
    cdef int write(self, object value, _Out out) except -1:
        cdef Py_ssize_t size
        cdef const char *text
        if not isinstance(value, str):
            raise TypeError
        text = PyUnicode_AsUTF8AndSize(value, &size)
        return out.sized(text, size)


cdef class Uuid(Node):
    """A UUID as 36 characters, or as 16 bytes where it is a fixed."""

    cdef bint text

    def __cinit__(self, bint text):
        self.text = text

    cdef int write(self, object value, _Out out) except -1:
        cdef bytes given
        cdef const unsigned char *found
        cdef char *at
        cdef int number
        if not isinstance(value, UUID):
            raise TypeError
        given = value.int.to_bytes(16, "big") if self.text else value.bytes
        if given is None or PyBytes_GET_SIZE(given) != 16:  # a subclass may answer anything
            raise TypeError
        found = <const unsigned char *>PyBytes_AS_STRING(given)
        if not self.text:
            return out.put(<const char *>found, 16)
        at = out.space(37)
        at[0] = 36 << 1
        at += 1
        for number in range(16):
            if number in (4, 6, 8, 10):
                at[0] = b"-"
                at += 1
            at[0] = _HEX[found[number] >> 4]
            at[1] = _HEX[found[number] & 15]
            at += 2
        out.size += 37
        return 0


cdef class Date(Node):
    cdef int write(self, object value, _Out out) except -1:
        if type(value) is not date:
            raise TypeError
        return out.long(<int64_t>value.toordinal() - _ORDINAL_OF_1970)


cdef class TimeOfDay(Node):
    """Since midnight, in units of `micros` microseconds."""

    cdef int micros

    def __cinit__(self, int micros):
        self.micros = micros

    cdef int write(self, object value, _Out out) except -1:
        cdef int64_t seconds
        if not isinstance(value, time) or value.tzinfo is not None:
            raise TypeError
        if <int>value.microsecond % self.micros:
            raise ValueError
        seconds = (<int>value.hour * 60 + <int>value.minute) * 60 + <int>value.second
        return out.long((seconds * 1000000 + <int>value.microsecond) // self.micros)


cdef class Timestamp(Node):
    """Since 1970, in units of `micros` microseconds; with a zone, or `local`: without one."""

    cdef int micros
    cdef object epoch

    def __cinit__(self, int micros, bint local):
        self.micros = micros
        self.epoch = _LOCAL_EPOCH if local else _EPOCH

    cdef int write(self, object value, _Out out) except -1:
        cdef int64_t days, seconds, rest
        if type(value) is not datetime:
            moment(value)
        since = value - self.epoch  # raises unless both have a zone, or neither
        if PyDelta_CheckExact(since):
            days, seconds = timedelta_days(since), timedelta_seconds(since)
            rest = timedelta_microseconds(since)
        else:
            days, seconds, rest = since.days, since.seconds, since.microseconds
        if not -719162 <= days < 2932897:  # the years 1 to 9999: what can be read again
            raise OverflowError
        if rest % self.micros:
            raise ValueError
        return out.long((days * 86400 + seconds) * (1000000 // self.micros) + rest // self.micros)


cdef class Enum(Node):
    """Takes a dict of the members to their indexes."""

    cdef object kind
    cdef dict indexes

    def __cinit__(self, object kind, dict indexes not None):
        self.kind = kind
        self.indexes = indexes

    cdef int write(self, object value, _Out out) except -1:
        if type(value) is not self.kind:
            raise TypeError
        return out.long(self.indexes[value])


cdef class Optional(Node):
    """A union of null and one other type."""

    cdef Node node
    cdef int null, index

    def __cinit__(self, Node node not None, int null):
        self.node = node
        self.null, self.index = null, 1 - null

    cdef int write(self, object value, _Out out) except -1:
        if value is None:
            return out.long(self.null)
        out.long(self.index)
        return self.node.write(value, out)


cdef class Array(Node):
    cdef Node items

    def __cinit__(self, Node items not None):
        self.items = items

    cdef int write(self, object value, _Out out) except -1:
        if not isinstance(value, _LIST):
            raise TypeError
        out.enter()
        if value:
            out.long(len(value))
            for item in value:
                self.items.write(item, out)
        out.depth -= 1
        return out.long(0)


cdef class Map(Node):
    cdef Node keys, values

    def __cinit__(self, Node values not None):
        self.keys = String()
        self.values = values

    cdef int write(self, object value, _Out out) except -1:
        if not isinstance(value, _DICT):
            raise TypeError
        out.enter()
        if value:
            out.long(len(value))
            pairs = value.items()  # or Cython's own loop would miss that keys change meanwhile
            for key, item in pairs:
                self.keys.write(key, out)
                self.values.write(item, out)
        out.depth -= 1
        return out.long(0)


cdef class Record(Node):
    """A generated class; its fields come later, because one may be of this very type."""

    cdef object kind
    cdef tuple attributes, nodes

    def __cinit__(self, object kind):
        self.kind = kind
        self.attributes = self.nodes = ()

    def fill(self, tuple attributes, tuple nodes):
        """Give the record its fields: attribute names, and as many nodes."""
        if not all(isinstance(node, Node) for node in nodes) or len(nodes) != len(attributes):
            raise TypeError
        self.attributes, self.nodes = attributes, nodes

    cdef int write(self, object value, _Out out) except -1:
        cdef Py_ssize_t number
        cdef tuple attributes = self.attributes, nodes = self.nodes  # fill() may change them
        if type(value) is not self.kind:
            raise TypeError
        out.enter()
        for number in range(len(nodes)):
            item = getattr(value, <str>attributes[number])
            (<Node>nodes[number]).write(item, out)
        out.depth -= 1
        return 0


cdef class Checked(Node):
    """Any node, and functions that tell whether a value obeys the schema's rules; null does."""

    cdef Node node
    cdef tuple rules

    def __cinit__(self, Node node not None, tuple rules not None, *_):
        self.node = node
        self.rules = rules

    cdef int write(self, object value, _Out out) except -1:
        if value is not None:
            for rule in self.rules:
                if rule(value) is not True:
                    raise ValueError
        return self.node.write(value, out)


cdef class Limited(Checked):
    """Checked, where all that the rules say of a float is that it lies between two others.

    Whatever is no float is asked of the functions.
    """

    cdef double low, high
    cdef bint low_too, high_too

    def __init__(self, Node node, tuple rules, double low, bint low_too, double high, bint high_too):
        self.low, self.low_too, self.high, self.high_too = low, low_too, high, high_too

    cdef int write(self, object value, _Out out) except -1:
        cdef double number
        if type(value) is not float:
            return Checked.write(self, value, out)
        number = value
        if not (number > self.low or (self.low_too and number == self.low)):
            raise ValueError
        if not (number < self.high or (self.high_too and number == self.high)):
            raise ValueError
        return self.node.write(value, out)


cdef class Encoder:
    """Called with an event, returns its Avro body; raises if a value does not fit."""

    cdef Node record
    cdef _Out spare

    def __cinit__(self, Node record not None):
        self.record = record

    def __call__(self, event):
        cdef _Out out = self.spare
        # Python code may run in between (a time zone's), and another thread come here meanwhile.
        self.spare = None
        if out is None:
            out = _Out()
        out.size = out.depth = 0
        self.record.write(event, out)
        if out.room <= _KEPT:
            self.spare = out
        return PyBytes_FromStringAndSize(out.data, out.size)
