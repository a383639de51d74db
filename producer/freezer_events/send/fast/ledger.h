/* What librdkafka says of messages, counted in its own threads without Python. */

#include "plugin.h"

#include <pthread.h>
#include <time.h>

#define COUNTED_PARTITIONS 1024

/* A report that is more than a number: a message that was not delivered, with its bytes. */
typedef struct note {
    struct note *next;
    void *owner; /* of the message, NULL where it has none */
    int err;
    int32_t partition;
    int64_t sent_us; /* by now_us() */
    int64_t timestamp_ms;
    size_t topic_size, key_size, size;
    int has_key;
    char bytes[]; /* topic, key, value */
} note;

/* Whose a message is that is on its way: known by where librdkafka keeps its copy of the value. An
   owner is a reference to a Python object, which only Python's side counts. */
typedef struct {
    const void *value;
    void *owner;
} owned;

typedef struct ledger {
    listener is;
    int highest;                           /* atomic: no partition above it has a count */
    int64_t latency_us;                    /* atomic: of a message delivered lately, or -1 */
    int64_t lost;                          /* atomic: reports for which there was no memory */
    int64_t delivered[COUNTED_PARTITIONS]; /* atomic: since they were last taken */
    pthread_mutex_t lock; /* of all that follows */
    note *first, **end;
    owned *places; /* a hash table, open addressing; a NULL value is free */
    size_t used, room;
    void **done; /* owners of messages that were delivered */
    size_t done_used, done_room;
} ledger;

/* What this thread hands over, while it does: the owners of the messages, and where each message
   went, in order. librdkafka takes up messages in order until it has no room. */
typedef struct {
    void **owners;
    const void **values;
    int count;
} departure;

static __thread departure *departing;

static note *ledger_notes(ledger *of) {
    pthread_mutex_lock(&of->lock);
    note *found = of->first;
    of->first = NULL;
    of->end = &of->first;
    pthread_mutex_unlock(&of->lock);
    return found;
}

static size_t place_of(const ledger *of, const void *value) {
    /* Fibonacci hashing: what is allocated is aligned, so the low bits say nothing. */
    size_t at = (size_t)(((uintptr_t)value >> 4) * UINT64_C(0x9E3779B97F4A7C15) >> 20);
    for (at &= of->room - 1; of->places[at].value && of->places[at].value != value;)
        at = (at + 1) & (of->room - 1);
    return at;
}

static int ledger_own(ledger *of, const void *value, void *owner) {
    if (of->used * 2 >= of->room) {
        owned *old = of->places;
        size_t room = of->room, more = room ? room * 2 : 1024;
        owned *places = calloc(more, sizeof *places);
        if (!places)
            return 0;
        of->places = places;
        of->room = more;
        for (size_t each = 0; each < room; each++)
            if (old[each].value)
                places[place_of(of, old[each].value)] = old[each];
        free(old);
    }
    of->places[place_of(of, value)] = (owned){value, owner};
    of->used++;
    return 1;
}

static void *ledger_disown(ledger *of, const void *value) {
    if (!of->used)
        return NULL;
    size_t at = place_of(of, value);
    void *owner = of->places[at].owner;
    if (!of->places[at].value)
        return NULL;
    of->places[at].value = NULL;
    of->used--;
    /* What came to lie behind it may belong in front. */
    for (size_t next = (at + 1) & (of->room - 1); of->places[next].value;
         next = (next + 1) & (of->room - 1)) {
        owned moved = of->places[next];
        of->places[next].value = NULL;
        of->places[place_of(of, moved.value)] = moved;
    }
    return owner;
}

/* Takes out the owners of delivered messages: an array to be freed, NULL where there are none. */
static void **ledger_done(ledger *of, size_t *count) {
    pthread_mutex_lock(&of->lock);
    void **found = of->done;
    *count = of->done_used;
    of->done = NULL;
    of->done_used = of->done_room = 0;
    pthread_mutex_unlock(&of->lock);
    return found;
}

static int64_t now_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int64_t ledger_latency(ledger *of) {
    return __atomic_exchange_n(&of->latency_us, -1, __ATOMIC_RELAXED);
}

static int64_t ledger_take(int64_t *count) {
    return __atomic_exchange_n(count, 0, __ATOMIC_ACQ_REL);
}

/* A mark of a message's value: eight bytes at a time, multiplied and turned. */
static int64_t mark_of(const void *data, size_t size) {
    const char *at = data;
    uint64_t mark = size, piece;
    for (; size >= sizeof piece; size -= sizeof piece, at += sizeof piece) {
        memcpy(&piece, at, sizeof piece);
        mark = (mark ^ piece) * UINT64_C(0x9E3779B97F4A7C15);
        mark ^= mark >> 29;
    }
    piece = 0;
    memcpy(&piece, at, size);
    mark = (mark ^ piece) * UINT64_C(0x9E3779B97F4A7C15);
    return (int64_t)(mark ^ mark >> 29);
}

static void mark_all(const rd_kafka_message_t *messages, int count, int64_t *marks) {
    for (int number = 0; number < count; number++)
        marks[number] = mark_of(messages[number].payload, messages[number].len);
}

/* Under the lock. */
static void ledger_note(ledger *of, const rd_kafka_message_t *message, void *owner) {
    const char *topic = rdk.topic_name(message->rkt);
    size_t topic_size = strlen(topic), size = message->payload ? message->len : 0;
    size_t key_size = message->key ? message->key_len : 0;
    note *made = malloc(sizeof *made + topic_size + key_size + size);
    int kind;
    if (!made) {
        __atomic_add_fetch(&of->lost, 1, __ATOMIC_RELAXED);
        return;
    }
    made->timestamp_ms = rdk.message_timestamp(message, &kind);
    made->has_key = message->key != NULL;
    made->key_size = key_size;
    made->next = NULL;
    made->owner = owner;
    made->err = message->err;
    made->partition = message->partition;
    made->sent_us = now_us() - rdk.message_latency(message);
    made->topic_size = topic_size;
    made->size = size;
    memcpy(made->bytes, topic, topic_size);
    if (key_size)
        memcpy(made->bytes + topic_size, message->key, key_size);
    if (size)
        memcpy(made->bytes + topic_size + key_size, message->payload, size);
    *of->end = made;
    of->end = &made->next;
}

/* Under the lock. An owner for which there is no memory is never let go of. */
static void ledger_add_done(ledger *of, void *owner) {
    if (of->done_used == of->done_room) {
        size_t more = of->done_room ? of->done_room * 2 : 1024;
        void **grown = realloc(of->done, more * sizeof *grown);
        if (!grown)
            return;
        of->done = grown;
        of->done_room = more;
    }
    of->done[of->done_used++] = owner;
}

/* Called while a message is taken up, by the thread that hands it over. */
static int on_send(rd_kafka_t *client, rd_kafka_message_t *message, void *opaque) {
    ledger *of = opaque;
    departure *mine = departing;
    (void)client;
    if (!mine)
        return 0;
    int number = mine->count++;
    if (mine->owners[number]) {
        pthread_mutex_lock(&of->lock);
        if (ledger_own(of, message->payload, mine->owners[number]))
            mine->values[number] = message->payload;
        pthread_mutex_unlock(&of->lock);
    }
    return 0;
}

/* Called for each message once, from librdkafka's threads. Those that Python's client sent carry
   its own state, and it reports them. A thread that hands messages over is told here, too, of what
   is refused then; the batch says that itself. */
static int on_acknowledgement(rd_kafka_t *client, rd_kafka_message_t *message, void *opaque) {
    ledger *of = opaque;
    int partition = message->partition;
    int counted = !message->err && partition >= 0 && partition < COUNTED_PARTITIONS;
    (void)client;
    if (message->_private)
        return 0;
    if (departing) { /* the message that was taken up last */
        int number = departing->count - 1;
        if (number >= 0 && departing->owners[number] && departing->values[number]) {
            pthread_mutex_lock(&of->lock);
            ledger_disown(of, departing->values[number]);
            pthread_mutex_unlock(&of->lock);
            departing->values[number] = NULL;
        }
        return 0;
    }
    /* Unlocked, `used` may be old, but not older than this message. */
    if (!counted || __atomic_load_n(&of->used, __ATOMIC_ACQUIRE)) {
        pthread_mutex_lock(&of->lock);
        void *owner = ledger_disown(of, message->payload);
        if (!counted)
            ledger_note(of, message, owner);
        else if (owner)
            ledger_add_done(of, owner);
        pthread_mutex_unlock(&of->lock);
    }
    if (!counted)
        return 0;
    if (__atomic_load_n(&of->latency_us, __ATOMIC_RELAXED) < 0)
        __atomic_store_n(&of->latency_us, rdk.message_latency(message), __ATOMIC_RELAXED);
    int highest = __atomic_load_n(&of->highest, __ATOMIC_RELAXED);
    while (partition > highest &&
           !__atomic_compare_exchange_n(&of->highest, &highest, partition, 0, __ATOMIC_RELEASE,
                                        __ATOMIC_RELAXED)) {
    }
    __atomic_add_fetch(&of->delivered[partition], 1, __ATOMIC_RELEASE);
    return 0;
}

static void ledger_destroy(listener *is) {
    ledger *of = (ledger *)is;
    for (note *each = of->first, *next; each; each = next) {
        next = each->next;
        free(each);
    }
    pthread_mutex_destroy(&of->lock);
    free(of->places);
    free(of->done);
    free(of);
}

static ledger *ledger_new(void) {
    ledger *made = calloc(1, sizeof *made);
    if (made) {
        made->is = (listener){1, NULL, on_send, on_acknowledgement, ledger_destroy};
        made->latency_us = -1;
        made->end = &made->first;
        pthread_mutex_init(&made->lock, NULL);
    }
    return made;
}
