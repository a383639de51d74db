/* librdkafka from C: its functions, and a plugin of its own that hears of messages.

   The plugin's entry is conf_init (rdkafka.h, "Plugin interface"): librdkafka calls it for
   plugin.library.paths while a client is made. Messages are told of in librdkafka's own threads,
   without Python. What hears of them lives until Python and the client's configuration have both
   let go of it: acknowledgements may come until the very end. */

#include <dlfcn.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

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

/* What hears of a client's messages; the first member of whatever that is. */
typedef struct listener {
    int holders; /* atomic */
    rd_kafka_t *client;
    on_message_t on_send; /* may be NULL */
    on_message_t on_acknowledgement;
    void (*destroy)(struct listener *);
} listener;

/* Whose client this thread makes. */
static __thread listener *expected;

static void listener_release(listener *of) {
    if (!__atomic_sub_fetch(&of->holders, 1, __ATOMIC_ACQ_REL))
        of->destroy(of);
}

static int on_conf_destroy(void *opaque) {
    listener_release(opaque);
    return 0;
}

static int on_new(rd_kafka_t *client, const rd_kafka_conf_t *conf, void *opaque, char *why,
                  size_t room) {
    listener *of = opaque;
    (void)conf, (void)why, (void)room;
    if (of->on_send) {
        int error = rdk.interceptor_add_on_send(client, "freezer", of->on_send, of);
        if (error)
            return error;
    }
    of->client = client;
    return rdk.interceptor_add_on_acknowledgement(client, "freezer", of->on_acknowledgement, of);
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
