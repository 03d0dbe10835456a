/* Every function with null for each of its pointers: a status each time, and nothing else happens. */
#include "scene.h"

static void policies(void)
{
    calltap_policy *policy = NULL;
    const char *entity = "", *service = "";
    calltap_error error = {sizeof(error), 0, {0}};

    ANSWERS(CALLTAP_E_NULL, calltap_policy_default(NULL, &error));
    CHECK(error.status == CALLTAP_E_NULL && strstr(error.text, "policy_out") != NULL);
    ANSWERS(CALLTAP_E_NULL, calltap_policy_load(NULL, &policy, NULL));
    ANSWERS(CALLTAP_E_NULL, calltap_policy_load("/nowhere", NULL, NULL));
    ANSWERS(CALLTAP_E_NULL, calltap_policy_parse(NULL, 5, NULL, &policy, NULL));
    ANSWERS(CALLTAP_E_NULL, calltap_policy_parse(POLICY, 5, NULL, NULL, NULL));
    ANSWERS(CALLTAP_E_NULL, calltap_policy_check(NULL, NULL, NULL, NULL));
    CHECK(policy == NULL);
    CHECK(calltap_policy_hash(NULL) == NULL);
    ANSWERS(CALLTAP_E_NULL, calltap_policy_dialed(NULL, "+44 20 7946 0123", &entity, &service, NULL));
    CHECK(entity == NULL && service == NULL);

    policy = a_policy();
    ANSWERS(CALLTAP_E_NULL, calltap_policy_dialed(policy, NULL, &entity, &service, NULL));
    ANSWERS(CALLTAP_E_NULL, calltap_policy_dialed(policy, "+44 20 7946 0123", NULL, &service, NULL));
    ANSWERS(CALLTAP_E_NULL, calltap_policy_dialed(policy, "+44 20 7946 0123", &entity, NULL, NULL));
    calltap_policy_destroy(NULL);
    calltap_policy_destroy(&policy);
    CHECK(policy == NULL);
    calltap_policy_destroy(&policy);
}

static void engines(void)
{
    calltap_engine *engine = NULL;
    calltap_engine_counters counters = {sizeof(counters), 0, 0, 0, 0, 0, 0, 0, 0, 0};
    calltap_event event;
    int fd = 5;
    memset(&event, 0, sizeof(event));
    event.struct_size = sizeof(event);

    ANSWERS(CALLTAP_E_NULL, calltap_engine_create(NULL, NULL, NULL, NULL));
    ANSWERS(CALLTAP_E_NULL, calltap_engine_shutdown(NULL, 0, NULL));
    ANSWERS(CALLTAP_E_NULL, calltap_engine_counters_read(NULL, &counters, NULL));
    ANSWERS(CALLTAP_E_NULL, calltap_engine_next_event(NULL, &event, NULL));
    ANSWERS(CALLTAP_E_NULL, calltap_engine_event_fd(NULL, &fd, NULL));
    CHECK(fd == -1);
    engine = an_engine(NULL);
    ANSWERS(CALLTAP_E_NULL, calltap_engine_counters_read(engine, NULL, NULL));
    ANSWERS(CALLTAP_E_NULL, calltap_engine_next_event(engine, NULL, NULL));
    ANSWERS(CALLTAP_E_NULL, calltap_engine_event_fd(engine, NULL, NULL));
    calltap_engine_destroy(NULL);
    calltap_engine_destroy(&engine);
    CHECK(engine == NULL);
    calltap_engine_destroy(&engine);
}

static void calls_without_a_call(void)
{
    calltap_decision decision = {sizeof(decision), 0, 0, 0, 0};
    calltap_ledger ledger;
    calltap_leg_spec leg_spec = a_leg_spec(CALLTAP_CALLER);
    calltap_leg *leg = NULL;
    uint32_t count = 5;
    memset(&ledger, 0, sizeof(ledger));
    ledger.struct_size = sizeof(ledger);

    CHECK(calltap_call_number(NULL) == 0);
    ANSWERS(CALLTAP_E_NULL, calltap_call_open_leg(NULL, &leg_spec, &leg, NULL));
    ANSWERS(CALLTAP_E_NULL, calltap_call_close_leg(NULL, 0, 0, NULL));
    ANSWERS(CALLTAP_E_NULL, calltap_call_notice_started(NULL, "en", 0, NULL));
    ANSWERS(CALLTAP_E_NULL, calltap_call_notice_finished(NULL, 1, 0, NULL));
    ANSWERS(CALLTAP_E_NULL, calltap_call_digit(NULL, 0, '9', 0, 0, NULL));
    ANSWERS(CALLTAP_E_NULL, calltap_call_digits_are_data(NULL, 1, 0, NULL));
    ANSWERS(CALLTAP_E_NULL, calltap_call_pause(NULL, 0, 0, NULL, NULL));
    ANSWERS(CALLTAP_E_NULL, calltap_call_resume(NULL, 0, NULL));
    ANSWERS(CALLTAP_E_NULL, calltap_call_withdraw(NULL, "agent", 0, 0, NULL, NULL));
    ANSWERS(CALLTAP_E_NULL, calltap_call_transfer(NULL, "north", "care", 0, NULL));
    ANSWERS(CALLTAP_E_NULL, calltap_call_end(NULL, 0, 0, NULL, NULL));
    ANSWERS(CALLTAP_E_NULL, calltap_call_decision(NULL, CALLTAP_RECORD, &decision, NULL));
    ANSWERS(CALLTAP_E_NULL, calltap_call_permitted(NULL, CALLTAP_RECORD, 0, NULL, 0, &count, NULL));
    ANSWERS(CALLTAP_E_NULL, calltap_call_ledger(NULL, 0, &ledger, NULL));
    ANSWERS(CALLTAP_E_NULL, calltap_call_sink_ledger(NULL, 0, 0, &ledger, NULL));
    ANSWERS(CALLTAP_E_NULL, calltap_call_holds_audio(NULL, CALLTAP_RECORD, &count, NULL));
    calltap_call_destroy(NULL);
}

static int32_t frame(void *context, void *state, const calltap_audio *audio)
{
    (void)context, (void)state, (void)audio;
    return 0;
}

static void released(void *context)
{
    ++*(int *)context;
}

static void calls(void)
{
    calltap_engine *engine = an_engine(NULL);
    calltap_call *call = NULL;
    calltap_call_spec spec = a_call_spec();
    calltap_leg_spec leg_spec = a_leg_spec(CALLTAP_CALLER);
    calltap_leg *leg = NULL;
    calltap_sink_spec sink_spec = {sizeof(sink_spec), CALLTAP_RECORD, 0, 0, 0};
    calltap_inside inside = {sizeof(inside), 1, NULL, 0, 0};
    calltap_wav *wav = NULL;
    calltap_sink sink;
    uint32_t count = 0;
    int releases = 0;
    memset(&sink, 0, sizeof(sink));
    sink.struct_size = sizeof(sink);
    sink.context = &releases;
    sink.release = released;

    ANSWERS(CALLTAP_E_NULL, calltap_call_start(NULL, &spec, NULL, NULL, &call, NULL));
    ANSWERS(CALLTAP_E_NULL, calltap_call_start(engine, NULL, NULL, NULL, &call, NULL));
    ANSWERS(CALLTAP_E_NULL, calltap_call_start(engine, &spec, NULL, NULL, NULL, NULL));
    CHECK(call == NULL);
    /* Texts may be null: it is answered and never tapped. */
    spec.id = spec.entity = spec.service = spec.language = NULL;
    ANSWERS(CALLTAP_OK, calltap_call_start(engine, &spec, NULL, NULL, &call, NULL));

    ANSWERS(CALLTAP_E_NULL, calltap_call_open_leg(call, NULL, &leg, NULL));
    ANSWERS(CALLTAP_E_NULL, calltap_call_open_leg(call, &leg_spec, NULL, NULL));
    leg_spec.formats = NULL;
    ANSWERS(CALLTAP_E_NULL, calltap_call_open_leg(call, &leg_spec, &leg, NULL));
    leg_spec = a_leg_spec(CALLTAP_CALLER);
    leg_spec.payload_types = NULL;
    ANSWERS(CALLTAP_E_NULL, calltap_call_open_leg(call, &leg_spec, &leg, NULL));
    CHECK(leg == NULL);
    ANSWERS(CALLTAP_E_NULL, calltap_call_notice_started(call, NULL, 0, NULL));
    ANSWERS(CALLTAP_E_NULL, calltap_call_pause(call, 0, 0, &inside, NULL));
    ANSWERS(CALLTAP_E_NULL, calltap_call_withdraw(call, NULL, 0, 0, &inside, NULL));
    ANSWERS(CALLTAP_E_NULL, calltap_call_end(call, 0, 0, &inside, NULL));
    ANSWERS(CALLTAP_E_NULL, calltap_call_decision(call, CALLTAP_RECORD, NULL, NULL));
    ANSWERS(CALLTAP_E_NULL, calltap_call_permitted(call, CALLTAP_RECORD, 0, NULL, 0, NULL, NULL));
    ANSWERS(CALLTAP_E_NULL, calltap_call_permitted(call, CALLTAP_RECORD, 0, NULL, 1, &count, NULL));
    ANSWERS(CALLTAP_E_NULL, calltap_call_ledger(call, 0, NULL, NULL));
    ANSWERS(CALLTAP_E_NULL, calltap_call_sink_ledger(call, 0, 0, NULL, NULL));
    ANSWERS(CALLTAP_E_NULL, calltap_call_holds_audio(call, CALLTAP_RECORD, NULL, NULL));

    ANSWERS(CALLTAP_E_NULL, calltap_call_add_sink(call, &sink_spec, &sink, NULL, NULL));
    sink.frame = frame;
    ANSWERS(CALLTAP_E_NULL, calltap_call_add_sink(NULL, &sink_spec, &sink, NULL, NULL));
    ANSWERS(CALLTAP_E_NULL, calltap_call_add_sink(call, NULL, &sink, NULL, NULL));
    ANSWERS(CALLTAP_E_NULL, calltap_call_add_sink(call, &sink_spec, NULL, NULL, NULL));
    CHECK(releases == 0);
    ANSWERS(CALLTAP_E_NULL, calltap_wav_open(NULL, &wav, NULL));
    ANSWERS(CALLTAP_E_NULL, calltap_wav_open("/tmp", NULL, NULL));
    ANSWERS(CALLTAP_E_NULL, calltap_call_add_wav(call, NULL, NULL, NULL, NULL));
    calltap_wav_destroy(NULL);
    calltap_wav_destroy(&wav);

    CHECK(calltap_call_pause(call, 0, 0, NULL, NULL) >= 0);
    CHECK(calltap_call_end(call, 0, 0, NULL, NULL) >= 0);
    calltap_call_destroy(&call);
    CHECK(call == NULL);
    calltap_call_destroy(&call);
    calltap_engine_destroy(&engine);
    CHECK(releases == 0);
}

static void release(void *context)
{
    (void)context;
    CHECK(!"nothing was lent");
}

static void legs(void)
{
    calltap_policy *policy = a_policy();
    calltap_engine *engine = an_engine(policy);
    calltap_call *call = a_call(engine);
    calltap_leg *leg = a_leg(call, CALLTAP_CALLER);
    calltap_frame given = a_frame(0);
    void *data = &given;
    uint32_t room = 5;

    ANSWERS(CALLTAP_E_NULL, calltap_leg_push(NULL, &given));
    ANSWERS(CALLTAP_E_NULL, calltap_leg_push(leg, NULL));
    ANSWERS(CALLTAP_E_NULL, calltap_leg_push_rtp(NULL, "x", 1, 1));
    ANSWERS(CALLTAP_E_NULL, calltap_leg_push_rtp(leg, NULL, 1, 1));
    ANSWERS(CALLTAP_E_NULL, calltap_leg_reserve(NULL, &data, &room));
    CHECK(data == NULL && room == 0);
    ANSWERS(CALLTAP_E_NULL, calltap_leg_reserve(leg, NULL, &room));
    ANSWERS(CALLTAP_E_NULL, calltap_leg_reserve(leg, &data, NULL));
    ANSWERS(CALLTAP_E_NULL, calltap_leg_commit(NULL, &given));
    ANSWERS(CALLTAP_E_NULL, calltap_leg_commit(leg, NULL));
    ANSWERS(CALLTAP_E_NULL, calltap_leg_lend(NULL, &given, release, NULL));
    ANSWERS(CALLTAP_E_NULL, calltap_leg_lend(leg, NULL, release, NULL));
    ANSWERS(CALLTAP_E_NULL, calltap_leg_lend(leg, &given, NULL, NULL));
    ANSWERS(CALLTAP_E_NULL, calltap_leg_digit(NULL, '9', 0, 0));
    ANSWERS(CALLTAP_E_NULL, calltap_leg_hold(NULL, 1, 1));
    given.data = NULL;
    ANSWERS(CALLTAP_E_NULL, calltap_leg_push(leg, &given));
    ANSWERS(CALLTAP_E_NULL, calltap_leg_lend(leg, &given, release, NULL));
    CHECK(calltap_leg_number(NULL) == 0);
    calltap_leg_destroy(NULL);
    calltap_leg_destroy(&leg);
    CHECK(leg == NULL);
    calltap_leg_destroy(&leg);

    calltap_call_destroy(&call);
    calltap_engine_destroy(&engine);
    calltap_policy_destroy(&policy);
}

int main(void)
{
    policies();
    engines();
    calls_without_a_call();
    calls();
    legs();
    return 0;
}
