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
#define ERR_QUEUE_FULL -184

typedef int (*on_new_t)(rd_kafka_t *, const rd_kafka_conf_t *, void *, char *, size_t);
typedef int (*on_message_t)(rd_kafka_t *, rd_kafka_message_t *, void *);
typedef int (*on_conf_destroy_t)(void *);

typedef struct {
    int (*conf_interceptor_add_on_new)(rd_kafka_conf_t *, const char *, on_new_t, void *);
    int (*conf_interceptor_add_on_conf_destroy)(rd_kafka_conf_t *, const char *,
                                                on_conf_destroy_t, void *);
    int (*interceptor_add_on_acknowledgement)(rd_kafka_t *, const char *, on_message_t, void *);
    rd_kafka_topic_t *(*topic_new)(rd_kafka_t *, const char *, void *);
    void (*topic_destroy)(rd_kafka_topic_t *);
    const char *(*topic_name)(const rd_kafka_topic_t *);
    int64_t (*message_latency)(const rd_kafka_message_t *);
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
        {"rd_kafka_interceptor_add_on_acknowledgement",
         (void **)&rdk.interceptor_add_on_acknowledgement},
        {"rd_kafka_topic_new", (void **)&rdk.topic_new},
        {"rd_kafka_topic_destroy", (void **)&rdk.topic_destroy},
        {"rd_kafka_topic_name", (void **)&rdk.topic_name},
        {"rd_kafka_message_latency", (void **)&rdk.message_latency},
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
    int err;
    int32_t partition;
    int64_t latency_us, at_us; /* from sent to reported, and when that was */
    size_t topic_size, size;
    char bytes[]; /* topic, then value */
} note;

typedef struct ledger {
    int holders;                            /* atomic */
    int highest;                            /* atomic: partitions above it have no count */
    int64_t lost;                           /* atomic: reports for which there was no memory */
    int64_t delivered[COUNTED_PARTITIONS];  /* atomic: since they were last taken */
    pthread_mutex_t lock;                   /* of the notes */
    note *first, **end;
    rd_kafka_t *client;
} ledger;

/* Whose client is being made, and whether messages are being handed over, by this thread. */
static __thread ledger *expected;
static __thread int handing_over;

static ledger *ledger_new(void) {
    ledger *made = calloc(1, sizeof *made);
    if (made) {
        made->holders = 1;
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

static void ledger_release(ledger *of) {
    if (__atomic_sub_fetch(&of->holders, 1, __ATOMIC_ACQ_REL))
        return;
    for (note *each = of->first, *next; each; each = next) {
        next = each->next;
        free(each);
    }
    pthread_mutex_destroy(&of->lock);
    free(of);
}

static int64_t now_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int64_t ledger_take(int64_t *count) {
    return __atomic_exchange_n(count, 0, __ATOMIC_ACQ_REL);
}

static void ledger_note(ledger *of, const rd_kafka_message_t *message) {
    const char *topic = rdk.topic_name(message->rkt);
    size_t topic_size = strlen(topic), size = message->payload ? message->len : 0;
    note *made = malloc(sizeof *made + topic_size + size);
    if (!made) {
        __atomic_add_fetch(&of->lost, 1, __ATOMIC_RELAXED);
        return;
    }
    made->next = NULL;
    made->err = message->err;
    made->partition = message->partition;
    made->latency_us = rdk.message_latency(message);
    made->at_us = now_us();
    made->topic_size = topic_size;
    made->size = size;
    memcpy(made->bytes, topic, topic_size);
    if (size)
        memcpy(made->bytes + topic_size, message->payload, size);
    pthread_mutex_lock(&of->lock);
    *of->end = made;
    of->end = &made->next;
    pthread_mutex_unlock(&of->lock);
}

/* Called for each message once, from librdkafka's threads. Those that Python's client sent carry
   its own state, and it reports them. While this thread hands messages over, it is told of what is
   refused then, too, which the batch says itself. */
static int on_acknowledgement(rd_kafka_t *client, rd_kafka_message_t *message, void *opaque) {
    ledger *of = opaque;
    int partition = message->partition;
    (void)client;
    if (message->_private || handing_over)
        return 0;
    if (message->err || partition < 0 || partition >= COUNTED_PARTITIONS) {
        ledger_note(of, message);
        return 0;
    }
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
