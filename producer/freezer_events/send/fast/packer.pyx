# cython: language_level=3, boundscheck=False, wraparound=False, auto_pickle=False
"""Events into rows of the spool: encoded and packed, with no Python object for any message.

A Packer fills one row, which `spool.packing` unpacks; a Sender encodes events of one class into it.
Between two statements here no other thread runs, but where Python code is called.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from cpython.mem cimport PyMem_Free, PyMem_Malloc, PyMem_Realloc
from cpython.pycapsule cimport PyCapsule_GetPointer
from cpython.unicode cimport PyUnicode_AsUTF8AndSize
from libc.stdint cimport int32_t, int64_t
from libc.string cimport memcpy

from freezer_events.avro.fast import nodes

cdef extern from *:
    """
    #ifndef SOURCES
    #define SOURCES 0
    #endif
    """
    unsigned long SOURCE_CRC "SOURCES"

# Of `avro.fast.nodes`: encodes an event, and hands the bytes to a function while they last.
ctypedef int (*Sink)(void *context, const char *data, Py_ssize_t size) except -1
ctypedef int (*EncodeInto)(object encoder, object event, Sink sink, void *context) except -1

cdef EncodeInto _encode_into = <EncodeInto>PyCapsule_GetPointer(
    nodes.encode_into, "freezer_events.avro.fast.nodes.encode_into"
)

SOURCES = SOURCE_CRC  # what this was compiled from: `avro.fast` compares

cdef enum:
    MOST = 512  # messages in a row, as `spool.packing` makes them
    ROOM = 1 << 20  # bytes of a row, likewise
    NO_KEY = -1


cdef class _Bytes:
    """Bytes that grow."""

    cdef char *data
    cdef Py_ssize_t size, room

    def __dealloc__(self):
        PyMem_Free(self.data)

    cdef int reserve(self, Py_ssize_t size) except -1:
        """Have room for so many more."""
        cdef Py_ssize_t room
        cdef char *grown
        if self.size + size > self.room:
            room = max(65536, 2 * (self.size + size))
            grown = <char *>PyMem_Realloc(self.data, room)
            if grown is NULL:
                raise MemoryError
            self.data, self.room = grown, room
        return 0

    cdef void add(self, const char *data, Py_ssize_t size) noexcept:
        """Put bytes behind, for which there is room."""
        memcpy(self.data + self.size, data, size)
        self.size += size

    cdef int clear(self) except -1:
        self.size = 0
        if self.room > 4 * ROOM:  # one message was very large
            PyMem_Free(self.data)
            self.data, self.room = NULL, 0
        return 0


cdef class Packer:
    """The row that is being filled.

    Args:
        here: what the current thread has said: `bulk`, that it does not wait for the disk for each
            message, and `place`, how far its source has been read.
        first: called when there is a message where there was none.
        push: called when the row is full, to take it away.
    """

    cdef object here, first, push
    cdef int32_t kinds[MOST]
    cdef int32_t key_sizes[MOST]
    cdef int32_t body_sizes[MOST]
    cdef _Bytes keys, bodies
    cdef int count
    cdef int64_t read
    cdef object place
    cdef list places, owners
    cdef public bint closed  # takes nothing now

    def __cinit__(self, here not None, first not None, push not None):
        self.here, self.first, self.push = here, first, push
        self.keys, self.bodies = _Bytes(), _Bytes()
        self.places, self.owners = [], []

    def __len__(self):
        return self.count

    cdef bint is_full(self):
        return self.count >= MOST or self.bodies.size >= ROOM or self.closed

    def take(self):
        """Return the row's length and bytes, last places and owners; begin another one."""
        cdef Py_ssize_t fixed = self.count * sizeof(int32_t)
        cdef bytes data = PyBytes_FromStringAndSize(
            NULL, 3 * fixed + self.keys.size + self.bodies.size
        )
        cdef char *at = PyBytes_AS_STRING(data)
        memcpy(at, self.kinds, fixed)
        memcpy(at + fixed, self.key_sizes, fixed)
        memcpy(at + 2 * fixed, self.body_sizes, fixed)
        at += 3 * fixed
        if self.keys.size:
            memcpy(at, self.keys.data, self.keys.size)
        if self.bodies.size:
            memcpy(at + self.keys.size, self.bodies.data, self.bodies.size)
        if self.place is not None:
            self.places.append(self.place)
        row = (self.count, data, self.places, self.owners)
        self.place, self.places, self.owners = None, [], []
        self.count = 0
        self.keys.clear()
        self.bodies.clear()
        return row

    def draw(self, tally):
        """Add to a tally what was read since the last time, at once."""
        if self.read:
            tally.read += self.read
            self.read = 0

    cdef int add(
        self, int kind, object key, const char *body, Py_ssize_t size, object owner, object place
    ) except -1:
        """Take a message, unless there is no room."""
        cdef const char *text = NULL
        cdef Py_ssize_t key_size = NO_KEY
        if key is not None:
            text = PyUnicode_AsUTF8AndSize(key, &key_size)
        if self.is_full() or size > ROOM or key_size > ROOM:
            return 0
        self.keys.reserve(max(key_size, 0))
        self.bodies.reserve(size)
        if place is not None:
            if self.place is not None and place[0] != self.place[0]:
                self.places.append(self.place)
            self.place = place
        if owner is not None:
            self.owners.append(owner)
        self.kinds[self.count] = kind
        self.key_sizes[self.count] = key_size
        self.body_sizes[self.count] = size
        if key_size > 0:
            self.keys.add(text, key_size)
        if size:
            self.bodies.add(body, size)
        self.count += 1
        self.read += 1
        return 1


cdef struct _Message:
    # What goes with a body; held by `send` meanwhile.
    void *packer
    void *key
    void *owner
    void *place
    int kind


cdef int _sink(void *context, const char *body, Py_ssize_t size) except -1:
    cdef _Message *message = <_Message *>context
    return (<Packer>message.packer).add(
        message.kind,
        <object>message.key,
        body,
        size,
        <object>message.owner,
        <object>message.place,
    )


cdef class Sender:
    """Sends events of one class into rows.

    Args:
        packer: fills them.
        encoder: the compiled encoder of the class.
        kind: the number of their kind in the spool.
        key: takes an event's key, text or None.
    """

    cdef Packer packer
    cdef object encoder, key
    cdef int kind

    def __cinit__(self, Packer packer not None, encoder not None, int kind, key not None):
        if type(encoder) is not nodes.Encoder:
            raise TypeError
        self.packer, self.encoder, self.kind, self.key = packer, encoder, kind, key

    def send(self, event, owner=None):
        """Take an event; False: not this way, or not now, or it cannot be encoded.

        If it does not reach the disk, its owner is to hear of that.
        """
        cdef Packer packer = self.packer
        cdef _Message message
        cdef int taken
        if packer.is_full():
            return False
        try:
            here = packer.here
            if not here.bulk:
                return False
            key, place = self.key(event), here.place
            message.packer, message.kind = <void *>packer, self.kind
            message.key, message.owner, message.place = <void *>key, <void *>owner, <void *>place
            taken = _encode_into(self.encoder, event, _sink, &message)
        except Exception:
            return False
        if taken:
            if packer.count == 1:
                packer.first()
            if packer.is_full():
                packer.push()
        return taken == 1
