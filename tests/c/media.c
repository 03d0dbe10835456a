/* The four ways of a frame into a leg, and what a media thread may say beside: all arrive, every lent buffer comes back
 * once, and a 9 shuts the gates before the function returns. */
#include "scene.h"

#define LENT 64

static struct {
    /* By their first byte: which way each came. */
    int pushed, rtp, written, lent;
    int gaps[8];
    int closed, outcome, released;
} seen;

static struct buffer {
    uint8_t audio[160];
    int given_back;
} buffers[LENT];

static int32_t frame(void *context, void *state, const calltap_audio *audio)
{
    (void)context, (void)state;
    /* The first is cut where the permission begins. */
    CHECK(audio->length > 0 && audio->length <= 160 && audio->data[0] == audio->data[audio->length - 1]);
    switch (audio->data[0]) {
    case 0xd5:
        __atomic_add_fetch(&seen.pushed, 1, __ATOMIC_SEQ_CST);
        break;
    case 1:
        __atomic_add_fetch(&seen.rtp, 1, __ATOMIC_SEQ_CST);
        break;
    case 2:
        __atomic_add_fetch(&seen.written, 1, __ATOMIC_SEQ_CST);
        break;
    case 3:
        __atomic_add_fetch(&seen.lent, 1, __ATOMIC_SEQ_CST);
        break;
    default:
        CHECK(!"a frame that nobody offered");
    }
    return 0;
}

static int32_t gap(void *context, void *state, uint32_t leg, uint32_t cause, int64_t from_ns, int64_t to_ns)
{
    (void)context, (void)state, (void)leg, (void)from_ns, (void)to_ns;
    CHECK(cause < 8);
    __atomic_add_fetch(&seen.gaps[cause], 1, __ATOMIC_SEQ_CST);
    return 0;
}

static int32_t close_output(void *context, void *state, const calltap_closing *closing)
{
    (void)context, (void)state;
    seen.closed++;
    seen.outcome = (int)closing->outcome;
    CHECK(closing->reason == CALLTAP_REASON_ENDED && closing->permitted_count == 1);
    return 0;
}

static void released(void *context)
{
    (void)context;
    seen.released++;
}

static void give_back(void *context)
{
    struct buffer *buffer = context;
    __atomic_add_fetch(&buffer->given_back, 1, __ATOMIC_SEQ_CST);
}

/* The next frame of the stream, by the way that its number says; what it was answered. */
static int32_t offer(struct stream *stream, uint32_t *lent)
{
    calltap_frame given = a_frame(stream->number);
    uint64_t arrival = stream->began + stream->number * 20 * MS;
    uint8_t packet[172] = {0x80, 8};
    void *data = NULL;
    uint32_t room = 0;
    int32_t status = CALLTAP_E_STATE;
    given.arrival_ns = arrival;
    switch (stream->number % 5) {
    case 0:
        packet[2] = (uint8_t)(stream->number >> 8);
        packet[3] = (uint8_t)stream->number;
        packet[4] = (uint8_t)(given.rtp_timestamp >> 24);
        packet[5] = (uint8_t)(given.rtp_timestamp >> 16);
        packet[6] = (uint8_t)(given.rtp_timestamp >> 8);
        packet[7] = (uint8_t)given.rtp_timestamp;
        packet[11] = 7;
        memset(packet + 12, 1, 160);
        status = calltap_leg_push_rtp(stream->leg, packet, sizeof(packet), arrival);
        break;
    case 1:
        status = calltap_leg_reserve(stream->leg, &data, &room);
        if (status == CALLTAP_OK) {
            void *again = NULL;
            CHECK(room >= 160);
            /* One at a time. */
            ANSWERS(CALLTAP_OK, calltap_leg_reserve(stream->leg, &again, &room));
            CHECK(again == data);
            memset(data, 2, 160);
            given.data = NULL;
            given.length = room + 1;
            ANSWERS(CALLTAP_E_ARGUMENT, calltap_leg_commit(stream->leg, &given));
            given.length = 160;
            status = calltap_leg_commit(stream->leg, &given);
            ANSWERS(CALLTAP_E_STATE, calltap_leg_commit(stream->leg, &given));
        }
        break;
    case 2:
        if (*lent < LENT) {
            memset(buffers[*lent].audio, 3, 160);
            given.data = buffers[*lent].audio;
            status = calltap_leg_lend(stream->leg, &given, give_back, &buffers[*lent]);
            CHECK(buffers[*lent].given_back == 0);
            *lent += status == CALLTAP_OK;
            break;
        }
        /* fall through */
    case 3:
        status = calltap_leg_push(stream->leg, &given);
        break;
    default:
        given.flags |= CALLTAP_SILENCE;
        given.data = NULL;
        given.length = 0;
        status = calltap_leg_push(stream->leg, &given);
    }
    stream->number++;
    return status;
}

static void all_ways(const calltap_policy *policy)
{
    calltap_engine *engine = an_engine(policy);
    calltap_call *call = a_call(engine);
    struct stream caller = {a_leg(call, CALLTAP_CALLER), 0, 0};
    calltap_sink_spec spec = {sizeof(spec), CALLTAP_RECORD, CALLTAP_EVIDENCE, 0, CALLTAP_RUN_DIRECT};
    calltap_sink sink;
    calltap_ledger ledger;
    uint64_t give_up = now_ns() + 120000 * MS;
    uint32_t lent = 0;
    memset(&sink, 0, sizeof(sink));
    sink.struct_size = sizeof(sink);
    sink.frame = frame;
    sink.gap = gap;
    sink.close = close_output;
    sink.release = released;
    memset(&ledger, 0, sizeof(ledger));
    ledger.struct_size = sizeof(ledger);

    ANSWERS(CALLTAP_OK, calltap_call_add_sink(call, &spec, &sink, NULL, NULL));
    permitted(call, &caller, CALLTAP_RECORD);
    while (seen.rtp < 5 || seen.written < 5 || seen.lent < 5 || seen.pushed < 5 || seen.gaps[CALLTAP_GAP_SILENT] < 5) {
        CHECK(now_ns() < give_up);
        while (caller.began + caller.number * 20 * MS <= now_ns()) {
            /* A worker that valgrind slows down may leave no slot free. */
            int32_t status = offer(&caller, &lent);
            CHECK(status == CALLTAP_OK || status == CALLTAP_DROPPED);
        }
        nap(5 * MS);
    }
    /* What nobody could use is dropped and counted. */
    {
        calltap_frame wrong = a_frame(caller.number);
        wrong.format = 7;
        ANSWERS(CALLTAP_DROPPED, calltap_leg_push(caller.leg, &wrong));
        wrong.format = 1000;
        ANSWERS(CALLTAP_DROPPED, calltap_leg_push(caller.leg, &wrong));
        wrong = a_frame(caller.number);
        wrong.samples = 100000;
        ANSWERS(CALLTAP_DROPPED, calltap_leg_push(caller.leg, &wrong));
        ANSWERS(CALLTAP_DROPPED, calltap_leg_push_rtp(caller.leg, "no packet", 9, now_ns()));
    }
    ANSWERS(CALLTAP_OK, calltap_leg_hold(caller.leg, 1, now_ns()));
    ANSWERS(CALLTAP_OK, calltap_leg_hold(caller.leg, 0, now_ns()));
    ANSWERS(CALLTAP_OK, calltap_call_end(call, 0, 60000, NULL, NULL));
    CHECK(seen.closed == 1 && seen.outcome == CALLTAP_COMPLETE);
    ANSWERS(CALLTAP_OK, calltap_call_ledger(call, 0, &ledger, NULL));
    CHECK(ledger.pushed == caller.number + 4 && ledger.format == 3 && ledger.size == 1 && ledger.in_flight == 0);
    calltap_leg_destroy(&caller.leg);
    calltap_call_destroy(&call);
    calltap_engine_destroy(&engine);
    CHECK(seen.released == 1 && lent >= 5);
    for (uint32_t buffer = 0; buffer < LENT; buffer++) {
        CHECK(buffers[buffer].given_back == (buffer < lent));
    }
}

static void a_nine_in_the_window(const calltap_policy *policy)
{
    calltap_engine *engine = an_engine(policy);
    calltap_call *call = a_call(engine);
    calltap_leg *caller = a_leg(call, CALLTAP_CALLER), *agent = a_leg(call, CALLTAP_AGENT);
    calltap_decision decision = {sizeof(decision), 0, 0, 0, 0};
    calltap_frame given = a_frame(0);
    uint64_t give_up = now_ns() + 60000 * MS;

    ANSWERS(CALLTAP_WAIT, calltap_leg_push(agent, &given));
    ANSWERS(CALLTAP_OK, calltap_call_notice_started(call, "en", 0, NULL));
    /* Another's changes nothing. */
    ANSWERS(CALLTAP_OK, calltap_leg_digit(agent, '9', 0, 0));
    ANSWERS(CALLTAP_OK, calltap_leg_digit(caller, '5', CALLTAP_HAS_ONSET, now_ns()));
    ANSWERS(CALLTAP_OK, calltap_leg_push(caller, &given));
    ANSWERS(CALLTAP_WAIT, calltap_leg_push(agent, &given));
    ANSWERS(CALLTAP_OK, calltap_leg_digit(caller, '9', CALLTAP_HAS_ONSET, now_ns()));
    ANSWERS(CALLTAP_SHUT, calltap_leg_push(caller, &given));
    ANSWERS(CALLTAP_SHUT, calltap_leg_push(agent, &given));
    do {
        CHECK(now_ns() < give_up);
        nap(5 * MS);
        ANSWERS(CALLTAP_OK, calltap_call_decision(call, CALLTAP_RECORD, &decision, NULL));
    } while (decision.reason != CALLTAP_REASON_OBJECTED);
    CHECK(decision.hook_needed == 0);
    calltap_leg_destroy(&agent);
    calltap_leg_destroy(&caller);
    calltap_call_destroy(&call);
    calltap_engine_destroy(&engine);
}

int main(void)
{
    calltap_policy *policy = a_policy();
    all_ways(policy);
    a_nine_in_the_window(policy);
    calltap_policy_destroy(&policy);
    return 0;
}
