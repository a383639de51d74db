/* Rows of the spool on their way: librdkafka's threads write down what became of each message. */

#include "plugin.h"

/* What is known of a message; else librdkafka's error code, or DELIVERED and its partition. */
#define LEFT_OUT INT64_MIN
#define NOT_YET (INT64_MIN + 1)
#define ON_ITS_WAY (INT64_MIN + 2)
#define DELIVERED (INT64_C(1) << 32)

typedef struct row {
    int holders; /* atomic: Python, and each message that librdkafka has */
    int left;    /* atomic: messages that librdkafka has not told of */
    int errors;  /* atomic: messages that are not delivered */
    int64_t *outcomes; /* atomic: of each message */
    char *bytes;       /* of each message a head, the prefix, and the body */
} row;

/* Stands before each value, which librdkafka does not copy: so it tells whose message it is. A
   value that Python's client had copied has something else in its place. */
typedef struct head {
    row *of;
    int64_t number;
    uint64_t check;
} head;

static __thread int handing_over;

static uint64_t check_of(const void *value) {
    return (uint64_t)(uintptr_t)value * UINT64_C(0x9E3779B97F4A7C15) + 1;
}

static row *row_new(int count, size_t size) {
    row *made = calloc(1, sizeof *made);
    if (!made)
        return NULL;
    made->holders = 1;
    made->outcomes = malloc(sizeof *made->outcomes * (count ? count : 1));
    made->bytes = malloc(size ? size : 1);
    if (made->outcomes && made->bytes)
        return made;
    free(made->outcomes);
    free(made->bytes);
    free(made);
    return NULL;
}

static void row_release(row *of, int count) {
    if (__atomic_sub_fetch(&of->holders, count, __ATOMIC_ACQ_REL))
        return;
    free(of->outcomes);
    free(of->bytes);
    free(of);
}

/* Puts a message behind what is there, and returns where the next one goes. */
static char *row_put(row *of, char *at, int number, const char *prefix, size_t prefix_size,
                     const char *body, size_t size, rd_kafka_message_t *message) {
    char *value = at + sizeof(head);
    head before = {of, number, check_of(value)};
    memcpy(at, &before, sizeof before);
    memcpy(value, prefix, prefix_size);
    memcpy(value + prefix_size, body, size);
    message->payload = value;
    message->len = prefix_size + size;
    return value + prefix_size + size;
}

static void row_note(row *of, int64_t number, int64_t outcome) {
    __atomic_store_n(&of->outcomes[number], outcome, __ATOMIC_RELEASE);
}

static int64_t row_number(const rd_kafka_message_t *message) {
    head before;
    memcpy(&before, (const char *)message->payload - sizeof before, sizeof before);
    return before.number;
}

/* Hands messages over in order; those for which there was no room come first afterwards, and their
   number is returned. */
static int row_hand_over(row *of, rd_kafka_topic_t *topic, rd_kafka_message_t *messages,
                         int count) {
    int kept = 0, refused = 0;
    for (int each = 0; each < count; each++)
        row_note(of, row_number(&messages[each]), ON_ITS_WAY);
    __atomic_add_fetch(&of->holders, count, __ATOMIC_RELAXED);
    __atomic_add_fetch(&of->left, count, __ATOMIC_RELEASE);
    handing_over = 1;
    int taken = rdk.produce_batch(topic, PARTITION_UA, 0, messages, count);
    handing_over = 0;
    if (taken == count)
        return 0;
    for (int each = 0; each < count; each++) {
        int error = messages[each].err;
        if (error == ERR_QUEUE_FULL) {
            row_note(of, row_number(&messages[each]), NOT_YET);
            messages[kept] = messages[each];
            messages[kept++].err = 0;
        } else if (error) {
            row_note(of, row_number(&messages[each]), error);
            refused++;
        }
    }
    __atomic_add_fetch(&of->errors, refused, __ATOMIC_RELEASE);
    __atomic_sub_fetch(&of->left, kept + refused, __ATOMIC_RELEASE);
    row_release(of, kept + refused);
    return kept;
}

/* Called for each message once, from librdkafka's threads. Those that Python's client sent carry
   its own state, and it reports them. What is refused while it is handed over is told there. */
static int on_acknowledgement(rd_kafka_t *client, rd_kafka_message_t *message, void *opaque) {
    head before;
    (void)client, (void)opaque;
    if (message->_private || handing_over || !message->payload)
        return 0;
    memcpy(&before, (const char *)message->payload - sizeof before, sizeof before);
    if (before.check != check_of(message->payload))
        return 0;
    row *of = before.of;
    row_note(of, before.number, message->err ? message->err : DELIVERED + message->partition);
    if (message->err)
        __atomic_add_fetch(&of->errors, 1, __ATOMIC_RELEASE);
    __atomic_sub_fetch(&of->left, 1, __ATOMIC_RELEASE);
    row_release(of, 1);
    return 0;
}

static void listener_destroy(listener *of) { free(of); }

static listener *listener_new(void) {
    listener *made = calloc(1, sizeof *made);
    if (made)
        *made = (listener){1, NULL, NULL, on_acknowledgement, listener_destroy};
    return made;
}

static int of_row(int *count) { return __atomic_load_n(count, __ATOMIC_ACQUIRE); }

static int64_t row_outcome(row *of, int number) {
    return __atomic_load_n(&of->outcomes[number], __ATOMIC_ACQUIRE);
}
