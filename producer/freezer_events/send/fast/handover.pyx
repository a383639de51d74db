# cython: language_level=3, boundscheck=False, wraparound=False, auto_pickle=False
"""Messages from the compiled encoder to librdkafka, with no Python object for any of them.

A Sender encodes events of one class into its topic's Arena, which is handed over without the GIL;
a Ledger has what became of the messages. When to hand over is decided by `compiled_line`, which
holds its lock meanwhile. Between two statements here no other thread runs, but where it says so.
"""

cimport cython
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.list cimport PyList_GET_SIZE
from cpython.mem cimport PyMem_Calloc, PyMem_Free, PyMem_Malloc
from cpython.object cimport PyObject
from cpython.pycapsule cimport PyCapsule_GetPointer
from cpython.ref cimport Py_DECREF, Py_INCREF
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
        PyObject *owner
        int err
        int32_t partition
        int64_t sent_us, timestamp_ms
        size_t topic_size, key_size, size
        int has_key
        char *bytes
    ctypedef struct Listener "listener":
        rd_kafka_t *client
    ctypedef struct Counts "ledger":
        Listener _is "is"
        int highest
        int64_t lost
        int64_t *delivered
    ctypedef struct Departure "departure":
        void **owners
        const void **values
        int count
    Functions rdk
    Listener *expected
    Departure *departing
    int MSG_F_COPY, PARTITION_UA, ERR_FATAL, ERR_QUEUE_FULL
    const char *rdk_bind(const char *path) noexcept
    Counts *ledger_new() noexcept
    Note *ledger_notes(Counts *of) noexcept
    void listener_release(Listener *of) noexcept
    int64_t ledger_take(int64_t *count) noexcept
    int64_t ledger_latency(Counts *of) noexcept
    int64_t now_us() noexcept
    int64_t mark_of(const void *data, size_t size) noexcept
    void mark_all(const rd_kafka_message_t *messages, int count, int64_t *marks) noexcept nogil
    void **ledger_done(Counts *of, size_t *count) noexcept

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

cdef bint bound = False  # librdkafka's functions are known


def bind(bytes path not None):
    """Find librdkafka's functions in the library that Python's client has loaded; "" or what fails."""
    global bound
    cdef const char *missing = rdk_bind(path)
    bound = missing is NULL
    return "" if missing is NULL else (<bytes>missing).decode()


def mark(bytes value not None):
    """Return the mark of a message's value (`Departures`)."""
    return mark_of(PyBytes_AS_STRING(value), PyBytes_GET_SIZE(value))


cdef class Ledger:
    """Counts the delivery reports of one client, which is made within `connecting`."""

    cdef Counts *counts

    def __cinit__(self):
        self.counts = ledger_new()
        if self.counts is NULL:
            raise MemoryError

    def __dealloc__(self):
        if self.counts is not NULL:
            listener_release(&self.counts._is)

    def connecting(self, make):
        """Return what `make` makes, a client, whose messages are counted here from now on."""
        global expected
        if not bound:  # librdkafka would call its plugin, which would call nothing
            raise RuntimeError("librdkafka's functions are not bound")
        expected = &self.counts._is
        try:
            return make()
        finally:
            expected = NULL

    @property
    def connected(self):
        """Whether librdkafka has called its plugin."""
        return self.counts._is.client is not NULL

    def notes(self):
        """Return what else was reported, in order, as the arguments of a Note."""
        cdef Note *each = ledger_notes(self.counts)
        cdef Note *next
        cdef int64_t now = now_us()
        cdef char *key
        found = []
        while each is not NULL:
            next = each.next
            key = each.bytes + each.topic_size
            try:
                found.append(
                    (
                        PyBytes_FromStringAndSize(each.bytes, each.topic_size).decode(),
                        PyBytes_FromStringAndSize(key, each.key_size) if each.has_key else None,
                        PyBytes_FromStringAndSize(key + each.key_size, each.size),
                        each.partition,
                        each.timestamp_ms,
                        (now - each.sent_us) / 1e6,
                        each.err,
                        None if each.owner is NULL else <object>each.owner,
                    )
                )
            except MemoryError:
                self.counts.lost += 1
            if each.owner is not NULL:
                Py_DECREF(<object>each.owner)
            free(each)
            each = next
        return found

    def let_go(self):
        """Let go of the owners of messages that were delivered."""
        cdef size_t count, number
        cdef void **done = ledger_done(self.counts, &count)
        for number in range(count):
            Py_DECREF(<object>done[number])
        free(done)

    def latency(self):
        """Return the µs that a message took that was delivered since the last time, -1 for none."""
        return ledger_latency(self.counts)

    def lost(self):
        """Return how many messages failed for whose report there was no memory, since the last time."""
        return ledger_take(&self.counts.lost)


cdef class _Batch:
    """Messages in one piece of memory."""

    cdef char *data
    cdef rd_kafka_message_t *messages
    cdef PyObject *owners[MOST]  # references, NULL where a message has none
    cdef Py_ssize_t used
    cdef int count, owned

    def __cinit__(self, Py_ssize_t largest):
        self.data = <char *>PyMem_Malloc(ROOM + largest + LARGEST_KEY)
        self.messages = <rd_kafka_message_t *>PyMem_Calloc(MOST, sizeof(rd_kafka_message_t))
        if self.data is NULL or self.messages is NULL:
            raise MemoryError

    def __dealloc__(self):
        cdef int number
        for number in range(self.count):
            if self.owners[number] is not NULL:
                Py_DECREF(<object>self.owners[number])
        PyMem_Free(self.data)
        PyMem_Free(self.messages)

    cdef object owner(self, int number):
        """Take a message's owner out of the batch."""
        cdef PyObject *found = self.owners[number]
        self.owners[number] = NULL
        if found is NULL:
            return None
        owner = <object>found
        Py_DECREF(owner)
        return owner


@cython.no_gc_clear  # the client must outlive the topic
cdef class Arena:
    """The messages of one topic that wait to be handed over.

    One batch fills while the other one is handed over, or has found no room in librdkafka.
    """

    cdef _Batch filling, leaving
    cdef rd_kafka_topic_t *topic
    cdef object client, ledger
    cdef readonly Py_ssize_t largest
    cdef public int size  # how many messages make a batch at the moment
    cdef public bint full  # the last hand-over left some
    cdef public bint closed  # takes nothing any more
    cdef readonly bint fatal  # the client takes nothing any more
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
        self.fatal = False
        if ledger.counts._is.client is NULL:
            raise RuntimeError("librdkafka did not call its plugin")
        self.topic = rdk.topic_new(ledger.counts._is.client, topic, NULL)
        if self.topic is NULL:
            raise RuntimeError("librdkafka makes no such topic")
        self.client, self.ledger = client, ledger

    def disconnect(self):
        """Let go of the client."""
        if self.topic is not NULL:
            rdk.topic_destroy(self.topic)
            self.topic = NULL
        self.client = self.ledger = None

    def __len__(self):
        return self.leaving.count + self.filling.count

    def hand_over(self):
        """Give librdkafka what is held, under the line's lock; other threads run meanwhile.

        Returns lists of error code, value and owner: messages that it will never take; and marks
        of all messages, for each batch in one piece. `full` says whether there was no room for
        some, which stay.
        """
        cdef _Batch batch
        cdef int good
        cdef const void *values[MOST]
        cdef Departure leaving
        cdef int64_t marks[MOST]
        global departing
        refused, marked = [], []
        self.full = False
        while not self.full:
            if not self.leaving.count:
                self.leaving, self.filling = self.filling, self.leaving
            batch = self.leaving
            if not batch.count:
                break
            if self.topic is NULL:
                raise RuntimeError("not connected")
            leaving.owners, leaving.values, leaving.count = <void **>batch.owners, values, 0
            if batch.owned:
                memset(values, 0, sizeof(values))
            with nogil:
                mark_all(batch.messages, batch.count, marks)
                departing = &leaving
                good = rdk.produce_batch(
                    self.topic, PARTITION_UA, MSG_F_COPY, batch.messages, batch.count
                )
                departing = NULL
            marked.append(PyBytes_FromStringAndSize(<char *>marks, batch.count * sizeof(int64_t)))
            self.settle(batch, good, values, refused)
        return refused, marked

    cdef int settle(
        self, _Batch batch, int good, const void **values, list refused
    ) except -1:
        """Keep of a batch what found no room, and collect what was refused."""
        cdef rd_kafka_message_t *each
        cdef int number, kept = 0
        if good < batch.count or batch.owned:
            for number in range(batch.count):
                each = &batch.messages[number]
                if each.err == ERR_QUEUE_FULL or each.err == ERR_FATAL:
                    # After a fatal error there is room again once there is another client.
                    self.fatal = self.fatal or each.err == ERR_FATAL
                    batch.messages[kept] = each[0]
                    batch.messages[kept].err = 0
                    batch.owners[kept] = batch.owners[number]
                    kept += 1
                    continue
                if batch.owned and values[number] is not NULL:
                    batch.owners[number] = NULL  # the ledger's now
                    continue
                owner = batch.owner(number)
                if each.err:
                    value = PyBytes_FromStringAndSize(<char *>each.payload, each.len)
                    refused.append((each.err, value, owner))
                    each.err = 0
        batch.count = kept
        if not kept:
            batch.used = batch.owned = 0
        self.full = kept > 0
        return 0

    def empty(self):
        """Take out all messages; returns pairs of value and owner."""
        cdef _Batch batch
        cdef int number
        found = []
        for batch in (self.leaving, self.filling):
            for number in range(batch.count):
                value = PyBytes_FromStringAndSize(
                    <char *>batch.messages[number].payload, batch.messages[number].len
                )
                found.append((value, batch.owner(number)))
            batch.count = batch.used = batch.owned = 0
        self.full = False
        return found

    cdef int add(
        self,
        bytes prefix,
        const char *body,
        Py_ssize_t size,
        const char *key,
        Py_ssize_t key_size,
        object owner,
    ) except -1:
        """Take a message unless it is too large, or there is no room."""
        cdef _Batch batch = self.filling
        cdef rd_kafka_message_t *message = &batch.messages[batch.count]
        cdef Py_ssize_t head = PyBytes_GET_SIZE(prefix)
        cdef char *at = batch.data + batch.used
        if self.full or self.closed or batch.count >= MOST or batch.used >= ROOM:
            return 0
        # None is ever too large for librdkafka, which would not take it up then.
        if head + size + key_size > self.largest or key_size > LARGEST_KEY:
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
        batch.owners[batch.count] = NULL
        if owner is not None:
            Py_INCREF(owner)
            batch.owners[batch.count] = <PyObject *>owner
            batch.owned = 1
        batch.used += head + size + key_size
        batch.count += 1
        self.taken += 1
        return 1


cdef struct _Message:
    # What goes with a body; held by a Sender meanwhile.
    void *sender
    void *key
    void *owner


cdef int _sink(void *context, const char *body, Py_ssize_t size) except -1:
    cdef _Message *message = <_Message *>context
    cdef Sender sender = <Sender>message.sender
    cdef const char *text = NULL
    cdef Py_ssize_t length = 0
    if <object>message.key is not None:
        text = PyUnicode_AsUTF8AndSize(<object>message.key, &length)
    return sender.arena.add(
        sender.prefix, body, size, text, length, <object>message.owner
    )


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

    def send(self, event, owner=None):
        """Take an event; False: not this way, or not now, or it cannot be encoded.

        If it is not delivered, its owner comes with the note of that.
        """
        cdef Arena arena = self.arena
        cdef _Message message
        cdef int taken
        if arena.full or arena.closed or PyList_GET_SIZE(self.waiting):
            return False
        try:
            key = self.key(event)
            message.sender, message.key = <void *>self, <void *>key
            message.owner = <void *>owner
            taken = _encode_into(self.encoder, event, _sink, &message)
        except Exception:
            return False
        self.sent += taken
        if taken and (arena.filling.count >= arena.size or arena.filling.used >= ROOM):
            self.push()
        return taken == 1


cdef class RunSender:
    """Sends rows that are encoded to one topic; arguments as for Sender."""

    cdef Arena arena
    cdef object push
    cdef bytes prefix
    cdef list waiting
    cdef int64_t sent

    def __cinit__(
        self, Arena arena not None, bytes prefix not None, list waiting not None, push not None
    ):
        self.arena, self.prefix, self.waiting, self.push = arena, prefix, waiting, push

    def send(self, bytes data not None, int count, int at, owner):
        """Take rows from one on; returns how many: fewer if there is no room, or not this way.

        Their data is that of an EncodedRun. If one is not delivered, the owner comes with the note.
        """
        cdef Arena arena = self.arena
        cdef const int32_t *lengths = <const int32_t *>PyBytes_AS_STRING(data)
        cdef const char *key = PyBytes_AS_STRING(data) + 8 * count
        cdef const char *body = key
        cdef int number, begun = at
        cdef int32_t size
        for number in range(count):
            size = max(lengths[number], 0)
            body += size
            if number < at:
                key += size
        for number in range(at):
            body += lengths[count + number]
        while at < count and not PyList_GET_SIZE(self.waiting):
            size = lengths[at]
            if not arena.add(
                self.prefix, body, lengths[count + at], NULL if size < 0 else key, max(size, 0), owner
            ):
                break
            self.sent += 1
            key += max(size, 0)
            body += lengths[count + at]
            at += 1
            if arena.filling.count >= arena.size or arena.filling.used >= ROOM:
                self.push()
        return at - begun


def draw(
    tally, Ledger ledger not None, list arenas not None, list senders not None, list runs not None
):
    """Add to a tally what was read, taken and delivered since the last time, all at once."""
    cdef int number
    cdef int64_t count
    cdef Arena arena
    cdef Sender sender
    cdef RunSender run
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
    for run in runs:
        if run.sent:
            tally.read += run.sent
            run.sent = 0
