/* What librdkafka says of messages, counted in its own threads without Python: its plugin.

   The plugin's entry is conf_init (rdkafka.h, "Plugin interface"): librdkafka calls it for
   plugin.library.paths while a client is made. A ledger lives until Python and the client's
   configuration have both let go of it: acknowledgements may come until the very end. */

#include <dlfcn.h>
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* The public part of rdkafka.h that is used here: types, constants, signatures. */
typedef struct rd_kafka_s rd_kafka_t;
typedef struct rd_kafka_conf_s rd_kafka_conf_t;
typedef struct rd_kafka_topic_s rd_kafka_topic_t;
typedef struct rd_kafka_message_s {
    int err;
    rd_kafka_topic_t *rkt;
    int32_t partition;
    void *payload;
    size_t len;
    void *key;
    size_t key_len;
    int64_t offset;
    void *_private;
} rd_kafka_message_t;

#define MSG_F_COPY 0x2
#define PARTITION_UA -1
#define ERR_FATAL -150
#define ERR_QUEUE_FULL -184

typedef int (*on_new_t)(rd_kafka_t *, const rd_kafka_conf_t *, void *, char *, size_t);
typedef int (*on_message_t)(rd_kafka_t *, rd_kafka_message_t *, void *);
typedef int (*on_conf_destroy_t)(void *);

typedef struct {
    int (*conf_interceptor_add_on_new)(rd_kafka_conf_t *, const char *, on_new_t, void *);
    int (*conf_interceptor_add_on_conf_destroy)(rd_kafka_conf_t *, const char *,
                                                on_conf_destroy_t, void *);
    int (*interceptor_add_on_send)(rd_kafka_t *, const char *, on_message_t, void *);
    int (*interceptor_add_on_acknowledgement)(rd_kafka_t *, const char *, on_message_t, void *);
    rd_kafka_topic_t *(*topic_new)(rd_kafka_t *, const char *, void *);
    void (*topic_destroy)(rd_kafka_topic_t *);
    const char *(*topic_name)(const rd_kafka_topic_t *);
    int64_t (*message_latency)(const rd_kafka_message_t *);
    int64_t (*message_timestamp)(const rd_kafka_message_t *, int *);
    int (*produce_batch)(rd_kafka_topic_t *, int32_t, int, rd_kafka_message_t *, int);
} functions;

static functions rdk;

/* Finds the functions in the librdkafka that Python's client has loaded; returns what is missing. */
static const char *rdk_bind(const char *path) {
    static const struct {
        const char *name;
        void **at;
    } wanted[] = {
        {"rd_kafka_conf_interceptor_add_on_new", (void **)&rdk.conf_interceptor_add_on_new},
        {"rd_kafka_conf_interceptor_add_on_conf_destroy",
         (void **)&rdk.conf_interceptor_add_on_conf_destroy},
        {"rd_kafka_interceptor_add_on_send", (void **)&rdk.interceptor_add_on_send},
        {"rd_kafka_interceptor_add_on_acknowledgement",
         (void **)&rdk.interceptor_add_on_acknowledgement},
        {"rd_kafka_topic_new", (void **)&rdk.topic_new},
        {"rd_kafka_topic_destroy", (void **)&rdk.topic_destroy},
        {"rd_kafka_topic_name", (void **)&rdk.topic_name},
        {"rd_kafka_message_latency", (void **)&rdk.message_latency},
        {"rd_kafka_message_timestamp", (void **)&rdk.message_timestamp},
        {"rd_kafka_produce_batch", (void **)&rdk.produce_batch},
    };
    void *library = dlopen(path, RTLD_NOW | RTLD_NOLOAD);
    if (!library)
        return path;
    for (size_t each = 0; each < sizeof wanted / sizeof *wanted; each++)
        if (!(*wanted[each].at = dlsym(library, wanted[each].name)))
            return wanted[each].name;
    return NULL;
}

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
    int holders;                           /* atomic */
    int highest;                           /* atomic: no partition above it has a count */
    int64_t latency_us;                    /* atomic: of a message delivered lately, or -1 */
    int64_t lost;                          /* atomic: reports for which there was no memory */
    int64_t delivered[COUNTED_PARTITIONS]; /* atomic: since they were last taken */
    rd_kafka_t *client;
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

/* Whose client this thread makes. */
static __thread ledger *expected;
static __thread departure *departing;

static ledger *ledger_new(void) {
    ledger *made = calloc(1, sizeof *made);
    if (made) {
        made->holders = 1;
        made->latency_us = -1;
        made->end = &made->first;
        pthread_mutex_init(&made->lock, NULL);
    }
    return made;
}

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

static void ledger_release(ledger *of) {
    if (__atomic_sub_fetch(&of->holders, 1, __ATOMIC_ACQ_REL))
        return;
    for (note *each = of->first, *next; each; each = next) {
        next = each->next;
        free(each);
    }
    pthread_mutex_destroy(&of->lock);
    free(of->places);
    free(of->done);
    free(of);
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

static int on_conf_destroy(void *opaque) {
    ledger_release(opaque);
    return 0;
}

static int on_new(rd_kafka_t *client, const rd_kafka_conf_t *conf, void *opaque, char *why,
                  size_t room) {
    (void)conf, (void)why, (void)room;
    int error = rdk.interceptor_add_on_send(client, "freezer", on_send, opaque);
    if (error)
        return error;
    ((ledger *)opaque)->client = client;
    return rdk.interceptor_add_on_acknowledgement(client, "freezer", on_acknowledgement, opaque);
}

__attribute__((visibility("default"))) int conf_init(rd_kafka_conf_t *conf, void **opaque,
                                                     char *why, size_t room) {
    int error;
    (void)opaque, (void)why, (void)room;
    if (!expected)
        return 0; /* a client that is none of ours */
    if ((error = rdk.conf_interceptor_add_on_conf_destroy(conf, "freezer", on_conf_destroy,
                                                          expected)))
        return error;
    __atomic_add_fetch(&expected->holders, 1, __ATOMIC_RELAXED);
    return rdk.conf_interceptor_add_on_new(conf, "freezer", on_new, expected);
}
