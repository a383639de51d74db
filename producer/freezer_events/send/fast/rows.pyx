# cython: language_level=3, boundscheck=False, wraparound=False, auto_pickle=False
"""Rows of the spool to librdkafka, with no Python object for any of their messages.

A Row is what `spool.packing` packs. librdkafka does not copy its values: they stay in place until
all of them are told of, whoever has let go of the Row by then.
"""

cimport cython
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from cpython.mem cimport PyMem_Calloc, PyMem_Free
from libc.stdint cimport int32_t, int64_t
from libc.string cimport memcpy, memset

cdef extern from *:
    """
    #ifndef SOURCES
    #define SOURCES 0
    #endif
    """
    unsigned long SOURCE_CRC "SOURCES"

cdef extern from "rows.h":
    ctypedef struct rd_kafka_t
    ctypedef struct rd_kafka_topic_t
    ctypedef struct rd_kafka_message_t:
        void *key
        size_t key_len
    ctypedef struct Functions "functions":
        rd_kafka_topic_t *(*topic_new)(rd_kafka_t *, const char *, void *) noexcept
        void (*topic_destroy)(rd_kafka_topic_t *) noexcept
    ctypedef struct Listener "listener":
        rd_kafka_t *client
    ctypedef struct Outcomes "row":
        int left, errors
        char *bytes
    Functions rdk
    Listener *expected
    size_t HEAD "sizeof(head)"
    int64_t LEFT_OUT, NOT_YET, ON_ITS_WAY, DELIVERED
    const char *rdk_bind(const char *path) noexcept
    Listener *listener_new() noexcept
    void listener_release(Listener *of) noexcept
    Outcomes *row_new(int count, size_t size) noexcept
    void row_release(Outcomes *of, int count) noexcept
    char *row_put(
        Outcomes *of, char *at, int number, const char *prefix, size_t prefix_size,
        const char *body, size_t size, rd_kafka_message_t *message,
    ) noexcept nogil
    int row_hand_over(
        Outcomes *of, rd_kafka_topic_t *topic, rd_kafka_message_t *messages, int count
    ) noexcept nogil
    int of_row(int *count) noexcept
    void row_note(Outcomes *of, int64_t number, int64_t outcome) noexcept
    int64_t row_outcome(Outcomes *of, int number) noexcept

SOURCES = SOURCE_CRC  # what this was compiled from: `avro.fast` compares

cdef enum:
    COLUMNS = 3  # of fixed numbers: kind, length of the key, length of the body
    FEW = 64  # partitions that are counted without a Python object

cdef bint bound = False  # librdkafka's functions are known


def bind(bytes path not None):
    """Find librdkafka's functions in the library that Python's client has loaded; "" or what fails."""
    global bound
    cdef const char *missing = rdk_bind(path)
    bound = missing is NULL
    return "" if missing is NULL else (<bytes>missing).decode()


cdef class Plugin:
    """Hears what becomes of the rows of one client, which is made within `connecting`."""

    cdef Listener *listener

    def __cinit__(self):
        self.listener = listener_new()
        if self.listener is NULL:
            raise MemoryError

    def __dealloc__(self):
        if self.listener is not NULL:
            listener_release(self.listener)

    def connecting(self, make):
        """Return what `make` makes, a client, whose rows are heard of from now on."""
        global expected
        if not bound:  # librdkafka would call its plugin, which would call nothing
            raise RuntimeError("librdkafka's functions are not bound")
        expected = self.listener
        try:
            return make()
        finally:
            expected = NULL


@cython.no_gc_clear  # the client must outlive the topic
cdef class Topic:
    """A topic of a client that was made within `connecting` of this plugin."""

    cdef rd_kafka_topic_t *topic
    cdef object client

    def __cinit__(self, Plugin plugin not None, client, bytes name not None):
        if plugin.listener.client is NULL:
            raise RuntimeError("librdkafka did not call its plugin")
        self.topic = rdk.topic_new(plugin.listener.client, name, NULL)
        if self.topic is NULL:
            raise RuntimeError("librdkafka makes no such topic")
        self.client = client

    def __dealloc__(self):
        if self.topic is not NULL:
            rdk.topic_destroy(self.topic)


cdef class Row:
    """The messages of one row, and what is known of each.

    Args:
        data: the row, as it is packed, without headers and timestamps.
        count: how many messages it has.
        prefix: the bytes before each body.
        numbers: the indices of those that are to be sent, in order.

    Raises:
        ValueError: the bytes do not hold so many.

    """

    cdef Outcomes *of
    cdef rd_kafka_message_t *messages
    cdef bytes data  # has the keys until they are handed over
    cdef int count, waiting

    def __cinit__(self, bytes data not None, int count, bytes prefix not None, numbers not None):
        cdef const char *start = PyBytes_AS_STRING(data)
        cdef const char *prefix_at = PyBytes_AS_STRING(prefix)
        cdef size_t prefix_size = PyBytes_GET_SIZE(prefix)
        cdef int number
        self.count = count
        self.data = data
        if count < 0 or <int64_t>count * COLUMNS * sizeof(int32_t) > PyBytes_GET_SIZE(data):
            raise ValueError("the row is cut short")
        self.of = row_new(count, PyBytes_GET_SIZE(data) + count * (HEAD + prefix_size))
        self.messages = <rd_kafka_message_t *>PyMem_Calloc(
            count if count else 1, sizeof(rd_kafka_message_t)
        )
        if self.of is NULL or self.messages is NULL:
            raise MemoryError
        whole = numbers == range(count)
        for number in range(count):
            row_note(self.of, number, NOT_YET if whole else LEFT_OUT)
        for number in () if whole else numbers:
            if not 0 <= number < count:
                raise ValueError("there is no such message")
            row_note(self.of, number, NOT_YET)
        if not self.lay_out(start, PyBytes_GET_SIZE(data), prefix_at, prefix_size):
            raise ValueError("the row does not hold so many messages")

    cdef bint lay_out(
        self, const char *start, int64_t size, const char *prefix, size_t prefix_size
    ):
        """Make a message of each that is to be sent; False: the lengths do not add up."""
        cdef int64_t key_at = <int64_t>self.count * COLUMNS * sizeof(int32_t), body_at = key_at
        cdef const char *lengths = start + self.count * sizeof(int32_t)
        cdef int32_t key_size, body_size
        cdef rd_kafka_message_t *message
        cdef char *at = self.of.bytes
        cdef int number
        for number in range(self.count):
            memcpy(&key_size, lengths + number * sizeof(int32_t), sizeof(int32_t))
            body_at += max(key_size, 0)
        for number in range(self.count):
            memcpy(&key_size, lengths + number * sizeof(int32_t), sizeof(int32_t))
            memcpy(&body_size, lengths + (self.count + number) * sizeof(int32_t), sizeof(int32_t))
            if body_size < 0 or key_at + max(key_size, 0) > size or body_at + body_size > size:
                return False
            if row_outcome(self.of, number) == NOT_YET:
                message = &self.messages[self.waiting]
                self.waiting += 1
                if key_size >= 0:
                    message.key = <void *>(start + key_at)
                    message.key_len = key_size
                at = row_put(
                    self.of, at, number, prefix, prefix_size, start + body_at, body_size, message
                )
            key_at += max(key_size, 0)
            body_at += body_size
        return body_at == size

    def __dealloc__(self):
        PyMem_Free(self.messages)
        if self.of is not NULL:
            row_release(self.of, 1)

    def hand_over(self, Topic topic not None):
        """Give librdkafka what it has not got; False: it has no room for all of it now."""
        cdef int count = self.waiting
        self.waiting = 0  # of this thread alone meanwhile
        with nogil:
            count = row_hand_over(self.of, topic.topic, self.messages, count)
        self.waiting = count
        return count == 0

    @property
    def left(self):
        """How many messages librdkafka has and has not told of."""
        return of_row(&self.of.left)

    @property
    def is_there(self):
        """Whether all that was to be sent is delivered."""
        return not (self.waiting or of_row(&self.of.left) or of_row(&self.of.errors))

    def errors(self):
        """Return index and error code of what came back, in the order of messages."""
        cdef int number
        cdef int64_t outcome
        found = []
        if of_row(&self.of.errors):
            for number in range(self.count):
                outcome = row_outcome(self.of, number)
                if outcome > ON_ITS_WAY and outcome < DELIVERED:
                    found.append((number, outcome))
        return found

    def known(self):
        """Return how many are delivered, by partition, and the indices of all others, in order.

        What is told later of one of these changes nothing.
        """
        cdef int number, few[FEW]
        cdef int64_t outcome
        memset(few, 0, sizeof(few))
        delivered, missing = {}, []
        for number in range(self.count):
            outcome = row_outcome(self.of, number)
            if outcome >= DELIVERED + FEW:
                partition = outcome - DELIVERED
                delivered[partition] = delivered.get(partition, 0) + 1
            elif outcome >= DELIVERED:
                few[outcome - DELIVERED] += 1
            elif outcome != LEFT_OUT:
                missing.append(number)
        delivered.update((number, few[number]) for number in range(FEW) if few[number])
        return delivered, missing
