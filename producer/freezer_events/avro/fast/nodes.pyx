# cython: language_level=3, boundscheck=False, wraparound=False, auto_pickle=False
"""Avro encoding of generated events, compiled: a tree of nodes, each of which writes one type.

Takes and refuses the same values as the generated `encode`, and writes the same bytes. Errors here
are bare: `codec.invalid_event` says which field and why.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
cimport cython
from cpython.datetime cimport (
    PyDelta_CheckExact, import_datetime, timedelta_days, timedelta_microseconds, timedelta_seconds,
)
from cpython.dict cimport PyDict_GetItemWithError
from cpython.mem cimport PyMem_Free, PyMem_Malloc, PyMem_Realloc
from cpython.object cimport PyObject
from cpython.pycapsule cimport PyCapsule_New
from cpython.unicode cimport PyUnicode_AsUTF8AndSize
from libc.math cimport isfinite
from libc.stdint cimport int64_t, uint64_t
from libc.string cimport memcpy

from datetime import UTC, date, datetime, time
from types import MemberDescriptorType
from uuid import UUID

from freezer_events.avro.runtime import DEEPEST, moment

cdef extern from *:
    """
    #ifndef SOURCES
    #define SOURCES 0
    #endif
    """
    unsigned long SOURCE_CRC "SOURCES"

cdef extern from *:
    """
    /* 16 bytes, highest first, of a number that is not negative; -1 and an exception if it has more. */
    static int number_bytes(PyObject *number, unsigned char *at) {
    #if PY_VERSION_HEX >= 0x030D0000
        Py_ssize_t size = PyLong_AsNativeBytes(number, at, 16, Py_ASNATIVEBYTES_BIG_ENDIAN
            | Py_ASNATIVEBYTES_UNSIGNED_BUFFER | Py_ASNATIVEBYTES_REJECT_NEGATIVE);
        if (size > 16)
            PyErr_SetNone(PyExc_OverflowError);
        return size < 0 || size > 16 ? -1 : 0;
    #else
        return _PyLong_AsByteArray((PyLongObject *)number, at, 16, 0, 0);
    #endif
    }

    /* Days from 1970-01-01 in the calendar of Python's dates, whose years begin in March here. */
    static int64_t days_since_1970(int year, int month, int day) {
        int64_t y = year - (month <= 2), era = y / 400, of_era = y - era * 400;
        int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
        return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
    }
    """
    int number_bytes(PyObject *number, unsigned char *at) except -1
    int64_t days_since_1970(int year, int month, int day)

cdef extern from "slots.h":
    Py_ssize_t offset_in_object(object descriptor)
    PyObject **slot_at(object of, Py_ssize_t offset)

cdef extern from "datetime.h":
    bint PyDateTime_CheckExact(object value)
    bint PyTime_CheckExact(object value)
    int PyDateTime_GET_YEAR(object value)
    int PyDateTime_GET_MONTH(object value)
    int PyDateTime_GET_DAY(object value)
    int PyDateTime_DATE_GET_HOUR(object value)
    int PyDateTime_DATE_GET_MINUTE(object value)
    int PyDateTime_DATE_GET_SECOND(object value)
    int PyDateTime_DATE_GET_MICROSECOND(object value)
    PyObject *PyDateTime_DATE_GET_TZINFO(object value)
    int PyDateTime_TIME_GET_HOUR(object value)
    int PyDateTime_TIME_GET_MINUTE(object value)
    int PyDateTime_TIME_GET_SECOND(object value)
    int PyDateTime_TIME_GET_MICROSECOND(object value)
    PyObject *PyDateTime_TIME_GET_TZINFO(object value)

cdef extern from "Python.h":
    int PyFloat_Pack4(double number, char *at, int little_endian) except -1
    int PyFloat_Pack8(double number, char *at, int little_endian) except -1

import_datetime()

SOURCES = SOURCE_CRC  # what this was compiled from: `avro.fast` compares

cdef object _EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
cdef object _LOCAL_EPOCH = datetime(1970, 1, 1)
# In variables: isinstance asks an object's __class__ as well then, as it does in Python.
cdef object _FLOAT = float, _LIST = list, _DICT = dict
cdef int _DEEPEST = DEEPEST
cdef const char *_HEX = b"0123456789abcdef"
cdef Py_ssize_t _KEPT = 65536  # a buffer that has grown beyond this is not kept


cdef Py_ssize_t _offset(object kind, str name):
    """Return where objects of a class keep an attribute; 0 where that is not in a slot."""
    descriptor = getattr(kind, name, None)
    if type(descriptor) is not MemberDescriptorType or not issubclass(kind, descriptor.__objclass__):
        return 0
    return offset_in_object(descriptor)


@cython.final
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


# The slot of a UUID's number.
cdef Py_ssize_t _NUMBER = _offset(UUID, "int")


cdef class Node:
    """One type of the schema."""

    cdef int write(self, object value, _Out out) except -1:
        raise NotImplementedError


@cython.final
cdef class Null(Node):
    cdef int write(self, object value, _Out out) except -1:
        if value is not None:
            raise TypeError
        return 0


@cython.final
cdef class Boolean(Node):
    cdef int write(self, object value, _Out out) except -1:
        if value is not True and value is not False:
            raise TypeError
        return out.put(b"\1" if value else b"\0", 1)


@cython.final
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


@cython.final
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


@cython.final
cdef class Bytes(Node):
    cdef int write(self, object value, _Out out) except -1:
        if not isinstance(value, bytes):
            raise TypeError
        return out.sized(PyBytes_AS_STRING(value), PyBytes_GET_SIZE(value))


@cython.final
cdef class Fixed(Node):
    cdef Py_ssize_t size

    def __cinit__(self, Py_ssize_t size):
        self.size = size

    cdef int write(self, object value, _Out out) except -1:
        if not isinstance(value, bytes) or PyBytes_GET_SIZE(value) != self.size:
            raise TypeError
        return out.put(PyBytes_AS_STRING(value), self.size)


@cython.final
cdef class String(Node):
    cdef int write(self, object value, _Out out) except -1:
        cdef Py_ssize_t size
        cdef const char *text
        if not isinstance(value, str):
            raise TypeError
        text = PyUnicode_AsUTF8AndSize(value, &size)
        return out.sized(text, size)


@cython.final
cdef class Uuid(Node):
    """A UUID as 36 characters, or as 16 bytes where it is a fixed."""

    cdef bint text

    def __cinit__(self, bint text):
        self.text = text

    cdef int write(self, object value, _Out out) except -1:
        cdef bytes given
        cdef unsigned char found[16]
        cdef PyObject *whole = NULL
        cdef char *at
        cdef int number
        if type(value) is UUID and _NUMBER:
            whole = slot_at(value, _NUMBER)[0]
        if whole is not NULL and type(<object>whole) is int:
            number_bytes(whole, found)
        else:
            if not isinstance(value, UUID):
                raise TypeError
            given = value.int.to_bytes(16, "big") if self.text else value.bytes
            if given is None or PyBytes_GET_SIZE(given) != 16:  # a subclass may answer anything
                raise TypeError
            memcpy(found, PyBytes_AS_STRING(given), 16)
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


@cython.final
cdef class Date(Node):
    cdef int write(self, object value, _Out out) except -1:
        if type(value) is not date:
            raise TypeError
        return out.long(
            days_since_1970(
                PyDateTime_GET_YEAR(value), PyDateTime_GET_MONTH(value), PyDateTime_GET_DAY(value)
            )
        )


@cython.final
cdef class TimeOfDay(Node):
    """Since midnight, in units of `micros` microseconds."""

    cdef int micros

    def __cinit__(self, int micros):
        self.micros = micros

    cdef int write(self, object value, _Out out) except -1:
        cdef int64_t seconds, rest
        if PyTime_CheckExact(value) and <object>PyDateTime_TIME_GET_TZINFO(value) is None:
            seconds = PyDateTime_TIME_GET_HOUR(value) * 60 + PyDateTime_TIME_GET_MINUTE(value)
            seconds = seconds * 60 + PyDateTime_TIME_GET_SECOND(value)
            rest = PyDateTime_TIME_GET_MICROSECOND(value)
        else:
            if not isinstance(value, time) or value.tzinfo is not None:
                raise TypeError
            seconds = (<int>value.hour * 60 + <int>value.minute) * 60 + <int>value.second
            rest = <int>value.microsecond
        if rest % self.micros:
            raise ValueError
        return out.long((seconds * 1000000 + rest) // self.micros)


@cython.final
cdef class Timestamp(Node):
    """Since 1970, in units of `micros` microseconds; with a zone, or `local`: without one."""

    cdef int micros
    cdef object epoch, zone

    def __cinit__(self, int micros, bint local):
        self.micros = micros
        self.epoch = _LOCAL_EPOCH if local else _EPOCH
        self.zone = None if local else UTC

    cdef int write(self, object value, _Out out) except -1:
        cdef int64_t days, seconds, rest
        if (
            PyDateTime_CheckExact(value)
            and <object>PyDateTime_DATE_GET_TZINFO(value) is self.zone
        ):
            days = days_since_1970(
                PyDateTime_GET_YEAR(value), PyDateTime_GET_MONTH(value), PyDateTime_GET_DAY(value)
            )
            seconds = PyDateTime_DATE_GET_HOUR(value) * 60 + PyDateTime_DATE_GET_MINUTE(value)
            seconds = seconds * 60 + PyDateTime_DATE_GET_SECOND(value)
            rest = PyDateTime_DATE_GET_MICROSECOND(value)
            return self.since(days, seconds, rest, out)
        if type(value) is not datetime:
            moment(value)
        since = value - self.epoch  # raises unless both have a zone, or neither
        if PyDelta_CheckExact(since):
            days, seconds = timedelta_days(since), timedelta_seconds(since)
            rest = timedelta_microseconds(since)
        else:
            days, seconds, rest = since.days, since.seconds, since.microseconds
        return self.since(days, seconds, rest, out)

    cdef int since(self, int64_t days, int64_t seconds, int64_t rest, _Out out) except -1:
        if not -719162 <= days < 2932897:  # the years 1 to 9999: what can be read again
            raise OverflowError
        if rest % self.micros:
            raise ValueError
        return out.long((days * 86400 + seconds) * (1000000 // self.micros) + rest // self.micros)


@cython.final
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
        cdef PyObject *index = PyDict_GetItemWithError(self.indexes, value)
        if index is NULL:
            raise KeyError
        return out.long(<object>index)


@cython.final
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


@cython.final
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


@cython.final
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


@cython.final
cdef class Record(Node):
    """A generated class; its fields come later, because one may be of this very type."""

    cdef object kind
    cdef tuple attributes, nodes
    cdef bytes slots  # as many offsets

    def __cinit__(self, object kind):
        self.kind = kind
        self.attributes = self.nodes = ()
        self.slots = b""

    def fill(self, tuple attributes, tuple nodes):
        """Give the record its fields: attribute names, and as many nodes."""
        if not all(isinstance(node, Node) for node in nodes) or len(nodes) != len(attributes):
            raise TypeError
        cdef Py_ssize_t offset
        slots = b""
        for each in attributes:
            offset = _offset(self.kind, each)
            slots += PyBytes_FromStringAndSize(<char *>&offset, sizeof(offset))
        self.attributes, self.nodes, self.slots = attributes, nodes, slots

    cdef int write(self, object value, _Out out) except -1:
        cdef Py_ssize_t number
        cdef PyObject *found
        cdef tuple attributes = self.attributes, nodes = self.nodes  # fill() may change them
        cdef bytes slots = self.slots
        cdef Py_ssize_t *offsets = <Py_ssize_t *>PyBytes_AS_STRING(slots)
        if type(value) is not self.kind:
            raise TypeError
        out.enter()
        for number in range(len(nodes)):
            found = slot_at(value, offsets[number])[0] if offsets[number] else NULL
            item = getattr(value, <str>attributes[number]) if found is NULL else <object>found
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


@cython.final
cdef class Encoder:
    """Called with an event, returns its Avro body; raises if a value does not fit."""

    cdef Node record
    cdef _Out spare

    def __cinit__(self, Node record not None):
        self.record = record

    def __call__(self, event):
        cdef _Out out = self.encoded(event)
        body = PyBytes_FromStringAndSize(out.data, out.size)
        self.keep(out)
        return body

    cdef _Out encoded(self, object event):
        cdef _Out out = self.spare
        # Python code may run in between (a time zone's), and another thread come here meanwhile.
        self.spare = None
        if out is None:
            out = _Out()
        out.size = out.depth = 0
        self.record.write(event, out)
        return out

    cdef int keep(self, _Out out) except -1:
        if out.room <= _KEPT:
            self.spare = out
        return 0


# For compiled callers: a function that takes an Encoder and an event, and hands the body to a
# function of theirs (context, bytes, size), whose result it returns; -1 is an exception.
ctypedef int (*Sink)(void *context, const char *body, Py_ssize_t size) except -1


cdef int _encode_into(object encoder, object event, Sink sink, void *context) except -1:
    cdef _Out out = (<Encoder>encoder).encoded(event)
    cdef int result = sink(context, out.data, out.size)
    (<Encoder>encoder).keep(out)
    return result


encode_into = PyCapsule_New(<void *>_encode_into, "freezer_events.avro.fast.nodes.encode_into", NULL)
