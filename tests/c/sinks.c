/* A call from its start to an objection, with two sinks of the host's own and a recording: what each is told, and when.
 * */
#include "scene.h"

#include <dirent.h>
#include <unistd.h>

struct seen {
    int opened, frames, marks, flushed, closed, erased, released, wrong;
    int64_t last_ns;
    uint64_t bytes;
    calltap_output_id output;
    /* Where `state` points. */
    int state;
};

static int32_t open_output(void *context, void **state, const calltap_permit *permit,
                           const calltap_description *description)
{
    struct seen *seen = context;
    CHECK(permit->struct_size == sizeof(*permit) && description->struct_size == sizeof(*description));
    CHECK(permit->tap == CALLTAP_RECORD && permit->from_ns == description->window_end_ns);
    CHECK(strcmp(description->call, "a call") == 0 && strcmp(description->entity, "north") == 0);
    CHECK(strcmp(description->controller, "North Payments Ltd") == 0 && strcmp(description->country, "GB") == 0);
    CHECK(strcmp(description->service, "care") == 0 && strcmp(description->language, "en") == 0);
    CHECK(strlen(description->policy_hash) == 64 && strstr(description->delete_after, "[Europe/London]") != NULL);
    CHECK(strcmp(description->notice_language, "en") == 0);
    CHECK(description->notice_to_ns >= description->notice_from_ns);
    CHECK(description->leg_count == 2 && description->legs[0].role == CALLTAP_CALLER);
    CHECK(description->legs[1].leg == 1 && description->legs[1].role == CALLTAP_AGENT);
    CHECK(description->legs[1].format_count == 2 && description->legs[1].formats[0].encoding == CALLTAP_PCMA);
    seen->output = description->output;
    seen->last_ns = permit->from_ns;
    seen->opened++;
    *state = &seen->state;
    return 0;
}

static int32_t frame(void *context, void *state, const calltap_audio *audio)
{
    struct seen *seen = context;
    if (audio->leg == 0) {
        /* In order, never overlapping, nothing from before the permission. */
        if (audio->from_ns < seen->last_ns) {
            seen->wrong++;
        }
        seen->last_ns = audio->to_ns;
    }
    CHECK(state == &seen->state && audio->struct_size == sizeof(*audio));
    CHECK(audio->format.encoding == CALLTAP_PCMA && audio->length == audio->samples && audio->data[0] == 0xd5);
    seen->bytes += audio->length;
    __atomic_add_fetch(&seen->frames, 1, __ATOMIC_SEQ_CST);
    return 0;
}

static int32_t gap(void *context, void *state, uint32_t leg, uint32_t cause, int64_t from_ns, int64_t to_ns)
{
    struct seen *seen = context;
    CHECK(state == &seen->state && leg < 2 && cause != 0 && from_ns < to_ns);
    return 0;
}

static int32_t mark(void *context, void *state, uint32_t kind, int64_t at_ns)
{
    struct seen *seen = context;
    (void)at_ns;
    CHECK(state == &seen->state && (kind == CALLTAP_MARK_PAUSE || kind == CALLTAP_MARK_RESUME));
    seen->marks++;
    return 0;
}

static int32_t flush(void *context, void *state)
{
    struct seen *seen = context;
    CHECK(state == &seen->state);
    seen->flushed++;
    return 0;
}

static int32_t close_output(void *context, void *state, const calltap_closing *closing)
{
    struct seen *seen = context;
    CHECK(state == &seen->state && closing->struct_size == sizeof(*closing));
    CHECK(closing->permitted_count >= 1 && closing->ledger_count == 2);
    CHECK(closing->ledgers[0].ledger.struct_size == sizeof(calltap_ledger));
    seen->closed++;
    return 0;
}

static int32_t erase(void *context, void *state, const calltap_erasure *erasure, calltap_receipt *receipt)
{
    struct seen *seen = context;
    CHECK(state == &seen->state && erasure->reason == CALLTAP_REASON_OBJECTED);
    CHECK(memcmp(&erasure->output, &seen->output, sizeof(seen->output)) == 0);
    CHECK(receipt->struct_size == sizeof(*receipt) && receipt->fate == 0 && receipt->text[0] == 0);
    receipt->fate = CALLTAP_ERASED;
    receipt->frames = (uint64_t)seen->frames;
    receipt->bytes = seen->bytes;
    seen->erased++;
    return 0;
}

static void release(void *context)
{
    struct seen *seen = context;
    __atomic_add_fetch(&seen->released, 1, __ATOMIC_SEQ_CST);
}

/* What the events said. */
struct told {
    int opened, receipts, objected, outputs;
};

static void listen(calltap_engine *engine, const calltap_call *call, struct told *told)
{
    calltap_event event;
    memset(&event, 0, sizeof(event));
    event.struct_size = sizeof(event);
    while (calltap_engine_next_event(engine, &event, NULL) == CALLTAP_OK) {
        CHECK(event.call == calltap_call_number(call) && event.lost == 0);
        switch (event.kind) {
        case CALLTAP_EVENT_OPENED:
            CHECK(event.record == (CALLTAP_QUALITY | CALLTAP_EVIDENCE) && event.monitor == CALLTAP_QUALITY);
            told->opened++;
            break;
        case CALLTAP_EVENT_OUTPUT_OPENED:
            CHECK(event.tap == CALLTAP_RECORD);
            told->outputs++;
            break;
        case CALLTAP_EVENT_OBJECTED:
            told->objected++;
            break;
        case CALLTAP_EVENT_RECEIPT:
            /* A sink behind a queue answers when its writer has come to it. */
            CHECK(event.fate == CALLTAP_ERASED || event.fate == CALLTAP_ERASE_PENDING);
            told->receipts += event.fate == CALLTAP_ERASED;
            break;
        default:
            CHECK(event.kind != CALLTAP_EVENT_CALL_FAILED && event.kind != CALLTAP_EVENT_SINK_FAILED);
        }
    }
}

static int files_in(const char *path)
{
    DIR *folder = opendir(path);
    struct dirent *entry;
    int count = 0;
    CHECK(folder != NULL);
    while ((entry = readdir(folder)) != NULL) {
        count += entry->d_name[0] != '.';
    }
    closedir(folder);
    return count;
}

static void go_on(struct stream *caller, struct stream *agent)
{
    pace(caller);
    pace(agent);
    nap(5 * MS);
}

int main(void)
{
    calltap_policy *policy = a_policy();
    calltap_engine *engine = an_engine(policy);
    calltap_call *call = a_call(engine);
    struct stream caller = {a_leg(call, CALLTAP_CALLER), 0, 0}, agent = {a_leg(call, CALLTAP_AGENT), 0, 0};
    calltap_sink_spec spec = {sizeof(spec), CALLTAP_RECORD, 0, 0, CALLTAP_RUN_DIRECT};
    calltap_wav *wav = NULL;
    calltap_sink sink;
    calltap_ledger ledger;
    struct seen direct, queued;
    struct told told = {0, 0, 0, 0};
    calltap_stretch stretch;
    uint32_t number = 9, count = 0, holds = 0;
    uint64_t give_up = now_ns() + 120000 * MS;
    char folder[] = "/tmp/calltap-sinks-XXXXXX";
    memset(&direct, 0, sizeof(direct));
    memset(&queued, 0, sizeof(queued));
    memset(&ledger, 0, sizeof(ledger));
    ledger.struct_size = sizeof(ledger);
    memset(&sink, 0, sizeof(sink));
    sink.struct_size = sizeof(sink);
    sink.context = &direct;
    sink.open = open_output;
    sink.frame = frame;
    sink.gap = gap;
    sink.mark = mark;
    sink.flush = flush;
    sink.close = close_output;
    sink.erase = erase;
    sink.release = release;

    ANSWERS(CALLTAP_OK, calltap_call_add_sink(call, &spec, &sink, &number, NULL));
    CHECK(number == 0);
    spec.run = CALLTAP_RUN_QUEUED;
    sink.context = &queued;
    ANSWERS(CALLTAP_OK, calltap_call_add_sink(call, &spec, &sink, &number, NULL));
    CHECK(number == 1);
    CHECK(mkdtemp(folder) != NULL);
    ANSWERS(CALLTAP_OK, calltap_wav_open(folder, &wav, NULL));
    ANSWERS(CALLTAP_OK, calltap_call_add_wav(call, wav, NULL, &number, NULL));
    CHECK(number == 2);
    calltap_wav_destroy(&wav);

    permitted(call, &caller, CALLTAP_RECORD);
    while (__atomic_load_n(&direct.frames, __ATOMIC_SEQ_CST) < 20
           || __atomic_load_n(&queued.frames, __ATOMIC_SEQ_CST) < 20 || files_in(folder) != 2) {
        CHECK(now_ns() < give_up);
        go_on(&caller, &agent);
    }
    ANSWERS(CALLTAP_OK, calltap_call_permitted(call, CALLTAP_RECORD, 0, &stretch, 1, &count, NULL));
    CHECK(count == 1 && stretch.from_ns >= 1000 * (int64_t)MS && stretch.ended == CALLTAP_REASON_ALLOWED);
    ANSWERS(CALLTAP_OK, calltap_call_holds_audio(call, CALLTAP_RECORD, &holds, NULL));
    CHECK(holds == 1);
    ANSWERS(CALLTAP_OK, calltap_call_holds_audio(call, CALLTAP_MONITOR, &holds, NULL));
    CHECK(holds == 0);

    ANSWERS(CALLTAP_OK, calltap_call_pause(call, 0, 60000, NULL, NULL));
    CHECK(direct.marks >= 1);
    ANSWERS(CALLTAP_OK, calltap_call_resume(call, 0, NULL));
    for (int turn = 0; turn < 20; turn++) {
        go_on(&caller, &agent);
    }

    /* Alone for a second, so it refuses; until then all is held. */
    ANSWERS(CALLTAP_OK, calltap_leg_digit(caller.leg, '9', 0, 0));
    while (told.objected == 0 || told.receipts < 3 || files_in(folder) != 0) {
        CHECK(now_ns() < give_up);
        go_on(&caller, &agent);
        listen(engine, call, &told);
    }
    CHECK(told.opened == 1 && told.outputs == 3 && told.objected == 1 && told.receipts == 3);
    ANSWERS(CALLTAP_OK, calltap_call_end(call, 0, 60000, NULL, NULL));
    /* Erased, they need no closing. */
    CHECK(direct.opened == 1 && direct.closed == 0 && direct.erased == 1 && direct.wrong == 0);
    CHECK(queued.opened == 1 && queued.closed == 0 && queued.erased == 1 && queued.wrong == 0);

    ANSWERS(CALLTAP_OK, calltap_call_ledger(call, 0, &ledger, NULL));
    CHECK(ledger.pushed == caller.number && ledger.in_flight == 0 && ledger.erased > 0);
    CHECK(ledger.pushed == ledger.delivered + ledger.masked + ledger.withheld + ledger.full + ledger.size
                               + ledger.format + ledger.duplicate + ledger.late + ledger.queue + ledger.sink
                               + ledger.purged);
    ANSWERS(CALLTAP_OK, calltap_call_sink_ledger(call, 0, 0, &ledger, NULL));
    CHECK(ledger.delivered > 0 && ledger.erased == ledger.delivered);

    calltap_leg_destroy(&caller.leg);
    calltap_leg_destroy(&agent.leg);
    calltap_call_destroy(&call);
    calltap_engine_destroy(&engine);
    calltap_policy_destroy(&policy);
    CHECK(direct.released == 1 && queued.released == 1);
    CHECK(remove(folder) == 0);
    return 0;
}
