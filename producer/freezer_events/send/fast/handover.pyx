# cython: language_level=3, boundscheck=False, wraparound=False, auto_pickle=False
"""Messages from the compiled encoder to librdkafka, with no Python object for any of them.

A Sender encodes events of one class into its topic's Arena, which is handed over without the GIL;
a Ledger has what became of the messages. When to hand over is decided by `compiled_line`, which
holds its lock meanwhile. Between two statements here no other thread runs, but where it says so.
"""

cimport cython
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.list cimport PyList_GET_SIZE
from cpython.mem cimport PyMem_Free, PyMem_Malloc
from cpython.pycapsule cimport PyCapsule_GetPointer
from cpython.unicode cimport PyUnicode_AsUTF8AndSize
from libc.stdint cimport int32_t, int64_t
from libc.stdlib cimport free
from libc.string cimport memcpy, memset

from freezer_events.avro.fast import nodes

cdef extern from *:
    """
    #ifndef SOURCES
    #define SOURCES 0
    #endif
    """
    unsigned long SOURCE_CRC "SOURCES"

cdef extern from "ledger.h":
    ctypedef struct rd_kafka_t
    ctypedef struct rd_kafka_topic_t
    ctypedef struct rd_kafka_message_t:
        int err
        void *payload
        size_t len
        void *key
        size_t key_len
    ctypedef struct Functions "functions":
        rd_kafka_topic_t *(*topic_new)(rd_kafka_t *, const char *, void *) noexcept
        void (*topic_destroy)(rd_kafka_topic_t *) noexcept
        int (*produce_batch)(
            rd_kafka_topic_t *, int32_t, int, rd_kafka_message_t *, int
        ) noexcept nogil
    ctypedef struct Note "note":
        Note *next
        int err
        int32_t partition
        int64_t latency_us, at_us
        size_t topic_size, size
        char *bytes
    ctypedef struct Counts "ledger":
        int highest
        int64_t lost
        int64_t *delivered
        rd_kafka_t *client
    Functions rdk
    Counts *expected
    int handing_over
    int MSG_F_COPY, PARTITION_UA, ERR_QUEUE_FULL
    const char *rdk_bind(const char *path) noexcept
    Counts *ledger_new() noexcept
    Note *ledger_notes(Counts *of) noexcept
    void ledger_release(Counts *of) noexcept
    int64_t ledger_take(int64_t *count) noexcept
    int64_t now_us() noexcept

# Of `avro.fast.nodes`: encodes an event, and hands the bytes to a function while they last.
ctypedef int (*Sink)(void *context, const char *data, Py_ssize_t size) except -1
ctypedef int (*EncodeInto)(object encoder, object event, Sink sink, void *context) except -1

cdef EncodeInto _encode_into = <EncodeInto>PyCapsule_GetPointer(
    nodes.encode_into, "freezer_events.avro.fast.nodes.encode_into"
)

SOURCES = SOURCE_CRC  # what this was compiled from: `avro.fast` compares

cdef enum:
    MOST = 512  # messages in a batch: small enough to stay in a core's own cache
    LARGEST_KEY = 1024
    ROOM = 131072  # bytes of a batch


def bind(bytes path not None):
    """Find librdkafka's functions in the library that Python's client has loaded; "" or what fails."""
    cdef const char *missing = rdk_bind(path)
    return "" if missing is NULL else (<bytes>missing).decode()


cdef class Ledger:
    """Counts the delivery reports of one client, which is made within `connecting`."""

    cdef Counts *counts

    def __cinit__(self):
        self.counts = ledger_new()
        if self.counts is NULL:
            raise MemoryError

    def __dealloc__(self):
        if self.counts is not NULL:
            ledger_release(self.counts)

    def connecting(self, make):
        """Return what `make` makes, a client, whose messages are counted here from now on."""
        global expected
        expected = self.counts
        try:
            return make()
        finally:
            expected = NULL

    @property
    def connected(self):
        """Whether librdkafka has called its plugin."""
        return self.counts.client is not NULL

    def notes(self):
        """Return what else was reported: topic, partition, error code, µs since it was sent, value."""
        cdef Note *each = ledger_notes(self.counts)
        cdef int64_t now = now_us()
        cdef Note *next
        found = []
        try:
            while each is not NULL:
                topic = PyBytes_FromStringAndSize(each.bytes, each.topic_size).decode()
                value = PyBytes_FromStringAndSize(each.bytes + each.topic_size, each.size)
                since = each.latency_us + now - each.at_us
                found.append((topic, each.partition, each.err, since, value))
                next = each.next
                free(each)
                each = next
        finally:
            while each is not NULL:
                next = each.next
                free(each)
                each = next
                self.counts.lost += 1
        return found

    def lost(self):
        """Return how many messages failed for whose report there was no memory, since the last time."""
        return ledger_take(&self.counts.lost)


cdef class _Batch:
    """Messages in one piece of memory."""

    cdef char *data
    cdef rd_kafka_message_t *messages
    cdef Py_ssize_t used, room
    cdef int count

    def __cinit__(self, Py_ssize_t largest):
        self.room = ROOM + largest + LARGEST_KEY
        self.data = <char *>PyMem_Malloc(self.room)
        self.messages = <rd_kafka_message_t *>PyMem_Malloc(MOST * sizeof(rd_kafka_message_t))
        if self.data is NULL or self.messages is NULL:
            raise MemoryError
        memset(self.messages, 0, MOST * sizeof(rd_kafka_message_t))

    def __dealloc__(self):
        PyMem_Free(self.data)
        PyMem_Free(self.messages)


@cython.no_gc_clear  # the client must outlive the topic
cdef class Arena:
    """The messages of one topic that wait to be handed over.

    One batch fills while the other one is handed over, or has found no room in librdkafka.
    """

    cdef _Batch filling, leaving
    cdef rd_kafka_topic_t *topic
    cdef object client
    cdef readonly Py_ssize_t largest
    cdef public int size  # how many messages make a batch at the moment
    cdef public bint full  # the last hand-over left some
    cdef public bint closed  # takes nothing any more
    cdef int64_t taken

    def __cinit__(self, Py_ssize_t largest):
        self.filling, self.leaving = _Batch(largest), _Batch(largest)
        self.largest = largest
        self.size = 1

    def __dealloc__(self):
        if self.topic is not NULL:
            rdk.topic_destroy(self.topic)

    def connect(self, client, Ledger ledger not None, bytes topic not None):
        """Hand messages to this client from now on, to the topic of this name."""
        self.disconnect()
        if ledger.counts.client is NULL:
            raise RuntimeError("librdkafka did not call its plugin")
        self.topic = rdk.topic_new(ledger.counts.client, topic, NULL)
        if self.topic is NULL:
            raise RuntimeError("librdkafka makes no such topic")
        self.client = client

    def disconnect(self):
        """Let go of the client."""
        if self.topic is not NULL:
            rdk.topic_destroy(self.topic)
            self.topic = NULL
        self.client = None

    def __len__(self):
        return self.leaving.count + self.filling.count

    def hand_over(self):
        """Give librdkafka what is held, under the line's lock; other threads run meanwhile.

        Returns pairs of error code and value: messages that it will never take. `full` says whether
        there was no room for some, which stay.
        """
        cdef _Batch batch
        cdef rd_kafka_message_t *each
        cdef int number, good, kept
        global handing_over
        refused = []
        self.full = False
        if self.topic is NULL:
            raise RuntimeError("not connected")
        while not self.full:
            if not self.leaving.count:
                self.leaving, self.filling = self.filling, self.leaving
            batch = self.leaving
            if not batch.count:
                break
            with nogil:
                handing_over = 1
                good = rdk.produce_batch(
                    self.topic, PARTITION_UA, MSG_F_COPY, batch.messages, batch.count
                )
                handing_over = 0
            kept = 0
            if good < batch.count:
                for number in range(batch.count):
                    each = &batch.messages[number]
                    if each.err == ERR_QUEUE_FULL:
                        each.err = 0
                        batch.messages[kept] = each[0]
                        kept += 1
                    elif each.err:
                        value = PyBytes_FromStringAndSize(<char *>each.payload, each.len)
                        refused.append((each.err, value))
                        each.err = 0
            batch.count = kept
            if not kept:
                batch.used = 0
            self.full = kept > 0
        return refused

    def empty(self):
        """Take out and return the values of all messages."""
        cdef _Batch batch
        cdef int number
        found = []
        for batch in (self.leaving, self.filling):
            for number in range(batch.count):
                found.append(
                    PyBytes_FromStringAndSize(
                        <char *>batch.messages[number].payload, batch.messages[number].len
                    )
                )
            batch.count = batch.used = 0
        self.full = False
        return found

    cdef int add(
        self, bytes prefix, const char *body, Py_ssize_t size, const char *key, Py_ssize_t key_size
    ) except -1:
        """Take a message unless it is too large, or there is no room."""
        cdef _Batch batch = self.filling
        cdef rd_kafka_message_t *message = &batch.messages[batch.count]
        cdef Py_ssize_t head = PyBytes_GET_SIZE(prefix)
        cdef char *at = batch.data + batch.used
        if self.full or self.closed or batch.count >= MOST or batch.used >= ROOM:
            return 0
        if head + size > self.largest or key_size > LARGEST_KEY:
            return 0
        message.payload = at
        message.len = head + size
        memcpy(at, PyBytes_AS_STRING(prefix), head)
        memcpy(at + head, body, size)
        at += head + size
        message.key = NULL
        message.key_len = 0
        if key is not NULL:
            message.key = at
            message.key_len = key_size
            memcpy(at, key, key_size)
        batch.used += head + size + key_size
        batch.count += 1
        self.taken += 1
        return 1


cdef struct _Message:
    # What goes with a body; held by a Sender meanwhile.
    void *sender
    void *key


cdef int _sink(void *context, const char *body, Py_ssize_t size) except -1:
    cdef _Message *message = <_Message *>context
    cdef Sender sender = <Sender>message.sender
    cdef const char *text = NULL
    cdef Py_ssize_t length = 0
    if <object>message.key is not None:
        text = PyUnicode_AsUTF8AndSize(<object>message.key, &length)
    return sender.arena.add(sender.prefix, body, size, text, length)


cdef class Sender:
    """Sends events of one class to one topic.

    Args:
        arena: the topic's.
        encoder: the compiled encoder of the class.
        prefix: the bytes before each body.
        key: takes an event's key, text or None.
        waiting: the list of messages that are before these; none is sent until it is empty.
        push: called without arguments to hand over.

    """

    cdef Arena arena
    cdef object encoder, key, push
    cdef bytes prefix
    cdef list waiting
    cdef int64_t sent

    def __cinit__(
        self,
        Arena arena not None,
        nodes_encoder not None,
        bytes prefix not None,
        key not None,
        list waiting not None,
        push not None,
    ):
        if type(nodes_encoder) is not nodes.Encoder:
            raise TypeError
        self.arena, self.encoder, self.prefix = arena, nodes_encoder, prefix
        self.key, self.waiting, self.push = key, waiting, push

    def send(self, event):
        """Take an event; False: not this way, or not now, or it cannot be encoded."""
        cdef Arena arena = self.arena
        cdef _Message message
        cdef int taken
        if arena.full or arena.closed or PyList_GET_SIZE(self.waiting):
            return False
        try:
            key = self.key(event)
            message.sender, message.key = <void *>self, <void *>key
            taken = _encode_into(self.encoder, event, _sink, &message)
        except Exception:
            return False
        self.sent += taken
        if taken and (arena.filling.count >= arena.size or arena.filling.used >= ROOM):
            self.push()
        return taken == 1


def draw(tally, Ledger ledger not None, list arenas not None, list senders not None):
    """Add to a tally what was read, taken and delivered since the last time, all at once."""
    cdef int number
    cdef int64_t count
    cdef Arena arena
    cdef Sender sender
    partitions = tally.partitions
    for number in range(ledger.counts.highest + 1):
        count = ledger_take(&ledger.counts.delivered[number])
        if count:
            partitions[number] += count
    for arena in arenas:
        if arena.taken:
            tally.accepted += arena.taken
            arena.taken = 0
    for sender in senders:
        if sender.sent:
            tally.read += sender.sent
            sender.sent = 0
