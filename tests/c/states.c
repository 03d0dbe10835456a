/* Functions in the wrong state, and values without a meaning: a status each time, and nothing worse. */
#include "scene.h"

static void release(void *context)
{
    ++*(int *)context;
}

static int32_t frame(void *context, void *state, const calltap_audio *audio)
{
    (void)context, (void)state, (void)audio;
    return 0;
}

/* Every function of a call that has no engine any more. */
static void call_is_gone(calltap_call *call)
{
    calltap_decision decision = {sizeof(decision), 0, 0, 0, 0};
    calltap_ledger ledger;
    calltap_leg_spec leg_spec = a_leg_spec(CALLTAP_CALLER);
    calltap_sink_spec sink_spec = {sizeof(sink_spec), CALLTAP_RECORD, 0, 0, 0};
    calltap_leg *leg = NULL;
    calltap_sink sink;
    calltap_error error = {sizeof(error), 0, {0}};
    uint32_t count = 0;
    int releases = 0;
    memset(&ledger, 0, sizeof(ledger));
    ledger.struct_size = sizeof(ledger);
    memset(&sink, 0, sizeof(sink));
    sink.struct_size = sizeof(sink);
    sink.frame = frame;
    sink.context = &releases;

    CHECK(calltap_call_number(call) != 0);
    ANSWERS(CALLTAP_E_STATE, calltap_call_open_leg(call, &leg_spec, &leg, &error));
    CHECK(leg == NULL && error.status == CALLTAP_E_STATE && error.text[0] != 0);
    ANSWERS(CALLTAP_E_STATE, calltap_call_close_leg(call, 0, 0, NULL));
    ANSWERS(CALLTAP_E_STATE, calltap_call_notice_started(call, "en", 0, NULL));
    ANSWERS(CALLTAP_E_STATE, calltap_call_notice_finished(call, 1, 0, NULL));
    ANSWERS(CALLTAP_E_STATE, calltap_call_digit(call, 0, '9', 0, 0, NULL));
    ANSWERS(CALLTAP_E_STATE, calltap_call_digits_are_data(call, 1, 0, NULL));
    ANSWERS(CALLTAP_E_STATE, calltap_call_pause(call, 0, 0, NULL, NULL));
    ANSWERS(CALLTAP_E_STATE, calltap_call_resume(call, 0, NULL));
    ANSWERS(CALLTAP_E_STATE, calltap_call_withdraw(call, "agent", 0, 0, NULL, NULL));
    ANSWERS(CALLTAP_E_STATE, calltap_call_transfer(call, "north", "care", 0, NULL));
    ANSWERS(CALLTAP_E_STATE, calltap_call_end(call, 0, 0, NULL, NULL));
    ANSWERS(CALLTAP_E_STATE, calltap_call_decision(call, CALLTAP_RECORD, &decision, NULL));
    ANSWERS(CALLTAP_E_STATE, calltap_call_permitted(call, CALLTAP_RECORD, 0, NULL, 0, &count, NULL));
    ANSWERS(CALLTAP_E_STATE, calltap_call_ledger(call, 0, &ledger, NULL));
    ANSWERS(CALLTAP_E_STATE, calltap_call_holds_audio(call, CALLTAP_RECORD, &count, NULL));
    ANSWERS(CALLTAP_E_STATE, calltap_call_add_sink(call, &sink_spec, &sink, NULL, NULL));
    CHECK(releases == 0);
}

/* Every function of leg.h with a leg that has no call any more. */
static void leg_is_gone(calltap_leg *leg)
{
    calltap_frame given = a_frame(1);
    uint8_t packet[172] = {0x80, 8, 0, 1};
    void *data = NULL;
    uint32_t room = 0;
    int releases = 0;

    ANSWERS(CALLTAP_E_STATE, calltap_leg_push(leg, &given));
    ANSWERS(CALLTAP_E_STATE, calltap_leg_push_rtp(leg, packet, sizeof(packet), now_ns()));
    ANSWERS(CALLTAP_E_STATE, calltap_leg_reserve(leg, &data, &room));
    CHECK(data == NULL && room == 0);
    ANSWERS(CALLTAP_E_STATE, calltap_leg_commit(leg, &given));
    ANSWERS(CALLTAP_E_STATE, calltap_leg_lend(leg, &given, release, &releases));
    ANSWERS(CALLTAP_E_STATE, calltap_leg_digit(leg, '9', 0, 0));
    ANSWERS(CALLTAP_E_STATE, calltap_leg_hold(leg, 1, now_ns()));
    CHECK(releases == 0);
}

static void after_shutdown(const calltap_policy *policy)
{
    calltap_engine *engine = an_engine(policy);
    calltap_call *call = a_call(engine);
    calltap_leg *leg = a_leg(call, CALLTAP_CALLER);
    calltap_call_spec spec = a_call_spec();
    calltap_call *other = NULL;
    calltap_engine_counters counters = {sizeof(counters), 0, 0, 0, 0, 0, 0, 0, 0, 0};
    calltap_event event;
    int fd = -1;
    memset(&event, 0, sizeof(event));
    event.struct_size = sizeof(event);

    ANSWERS(CALLTAP_OK, calltap_engine_shutdown(engine, 60000, NULL));
    ANSWERS(CALLTAP_E_STATE, calltap_engine_shutdown(engine, 60000, NULL));
    ANSWERS(CALLTAP_E_STATE, calltap_call_start(engine, &spec, NULL, NULL, &other, NULL));
    CHECK(other == NULL);
    call_is_gone(call);
    leg_is_gone(leg);
    /* What it says about the past can be read. */
    ANSWERS(CALLTAP_OK, calltap_engine_counters_read(engine, &counters, NULL));
    ANSWERS(CALLTAP_OK, calltap_engine_event_fd(engine, &fd, NULL));
    while (calltap_engine_next_event(engine, &event, NULL) == CALLTAP_OK) {
        CHECK(event.kind != 0 && event.call == calltap_call_number(call));
    }
    calltap_engine_destroy(&engine);
    call_is_gone(call);
    leg_is_gone(leg);
    calltap_call_destroy(&call);
    leg_is_gone(leg);
    calltap_leg_destroy(&leg);
}

static void after_the_end(const calltap_policy *policy)
{
    calltap_engine *engine = an_engine(policy);
    calltap_call *call = a_call(engine);
    calltap_leg *leg = a_leg(call, CALLTAP_CALLER);
    calltap_frame given = a_frame(0);

    ANSWERS(CALLTAP_WAIT, calltap_leg_push(leg, &given));
    /* Without a slot there is nothing to commit. */
    ANSWERS(CALLTAP_E_STATE, calltap_leg_commit(leg, &given));
    ANSWERS(CALLTAP_OK, calltap_call_end(call, 0, 60000, NULL, NULL));
    ANSWERS(CALLTAP_SHUT, calltap_leg_push(leg, &given));
    /* Said again, it does nothing; what comes too late changes nothing. */
    ANSWERS(CALLTAP_OK, calltap_call_end(call, 0, 60000, NULL, NULL));
    CHECK(calltap_call_notice_started(call, "en", 0, NULL) >= 0);
    CHECK(calltap_call_pause(call, 0, 60000, NULL, NULL) >= 0);
    CHECK(calltap_call_resume(call, 0, NULL) >= 0);
    calltap_call_destroy(&call);
    leg_is_gone(leg);
    calltap_leg_destroy(&leg);
    calltap_engine_destroy(&engine);
}

static void values(const calltap_policy *policy)
{
    calltap_engine *engine = an_engine(policy);
    calltap_call_spec spec = a_call_spec();
    calltap_call *call = NULL;
    calltap_leg_spec leg_spec = a_leg_spec(0);
    calltap_leg *leg = NULL;
    calltap_format wrong = {CALLTAP_OTHER + 1, 8000, 1};
    calltap_payload_type nowhere = {8, 9};
    calltap_sink_spec sink_spec = {sizeof(sink_spec), 0, 0, 0, 0};
    calltap_sink sink;
    calltap_decision decision = {sizeof(decision), 0, 0, 0, 0};
    calltap_ledger ledger;
    calltap_frame given = a_frame(0);
    calltap_wav_spec wav_spec = {sizeof(wav_spec), 0, 7};
    calltap_wav *wav = NULL;
    uint32_t count = 0;
    char folder[] = "/tmp/calltap-states-XXXXXX";
    memset(&ledger, 0, sizeof(ledger));
    ledger.struct_size = sizeof(ledger);
    memset(&sink, 0, sizeof(sink));
    sink.struct_size = sizeof(sink);
    sink.frame = frame;

    spec.direction = 0;
    ANSWERS(CALLTAP_E_ARGUMENT, calltap_call_start(engine, &spec, NULL, NULL, &call, NULL));
    spec.direction = 4;
    ANSWERS(CALLTAP_E_ARGUMENT, calltap_call_start(engine, &spec, NULL, NULL, &call, NULL));
    spec = a_call_spec();
    spec.entity = "\xff";
    ANSWERS(CALLTAP_E_ARGUMENT, calltap_call_start(engine, &spec, NULL, NULL, &call, NULL));
    CHECK(call == NULL);
    call = a_call(engine);

    ANSWERS(CALLTAP_E_ARGUMENT, calltap_call_open_leg(call, &leg_spec, &leg, NULL));
    leg_spec = a_leg_spec(CALLTAP_CALLER);
    leg_spec.slots = 257;
    ANSWERS(CALLTAP_E_ARGUMENT, calltap_call_open_leg(call, &leg_spec, &leg, NULL));
    leg_spec = a_leg_spec(CALLTAP_CALLER);
    leg_spec.slot_bytes = 65536;
    ANSWERS(CALLTAP_E_ARGUMENT, calltap_call_open_leg(call, &leg_spec, &leg, NULL));
    leg_spec = a_leg_spec(CALLTAP_CALLER);
    leg_spec.format_count = 1000;
    ANSWERS(CALLTAP_E_ARGUMENT, calltap_call_open_leg(call, &leg_spec, &leg, NULL));
    leg_spec = a_leg_spec(CALLTAP_CALLER);
    leg_spec.formats = &wrong;
    leg_spec.format_count = 1;
    ANSWERS(CALLTAP_E_ARGUMENT, calltap_call_open_leg(call, &leg_spec, &leg, NULL));
    leg_spec = a_leg_spec(CALLTAP_CALLER);
    leg_spec.payload_types = &nowhere;
    leg_spec.payload_type_count = 1;
    ANSWERS(CALLTAP_E_ARGUMENT, calltap_call_open_leg(call, &leg_spec, &leg, NULL));
    CHECK(leg == NULL);
    leg = a_leg(call, CALLTAP_CALLER);

    ANSWERS(CALLTAP_E_ARGUMENT, calltap_call_close_leg(call, 1, 0, NULL));
    ANSWERS(CALLTAP_E_ARGUMENT, calltap_call_close_leg(call, 0xffffffff, 0, NULL));
    ANSWERS(CALLTAP_E_ARGUMENT, calltap_call_ledger(call, 1, &ledger, NULL));
    ANSWERS(CALLTAP_E_ARGUMENT, calltap_call_sink_ledger(call, 0, 0, &ledger, NULL));
    ANSWERS(CALLTAP_E_ARGUMENT, calltap_call_digit(call, 1, '9', 0, 0, NULL));
    ANSWERS(CALLTAP_E_ARGUMENT, calltap_call_digit(call, 0, 'x', 0, 0, NULL));
    ANSWERS(CALLTAP_E_ARGUMENT, calltap_call_digits_are_data(call, 2, 0, NULL));
    ANSWERS(CALLTAP_E_ARGUMENT, calltap_call_notice_finished(call, 2, 0, NULL));
    ANSWERS(CALLTAP_E_ARGUMENT, calltap_call_notice_started(call, "\xff", 0, NULL));
    ANSWERS(CALLTAP_E_ARGUMENT, calltap_call_withdraw(call, "\xff", 0, 0, NULL, NULL));
    ANSWERS(CALLTAP_E_ARGUMENT, calltap_call_decision(call, 3, &decision, NULL));
    ANSWERS(CALLTAP_E_ARGUMENT, calltap_call_permitted(call, 0, 0, NULL, 0, &count, NULL));
    ANSWERS(CALLTAP_E_ARGUMENT, calltap_call_permitted(call, CALLTAP_RECORD, 4, NULL, 0, &count, NULL));
    ANSWERS(CALLTAP_E_ARGUMENT, calltap_call_holds_audio(call, 0, &count, NULL));

    ANSWERS(CALLTAP_E_ARGUMENT, calltap_call_add_sink(call, &sink_spec, &sink, NULL, NULL));
    sink_spec.tap = CALLTAP_RECORD;
    sink_spec.purposes = 4;
    ANSWERS(CALLTAP_E_ARGUMENT, calltap_call_add_sink(call, &sink_spec, &sink, NULL, NULL));
    sink_spec.purposes = 0;
    sink_spec.run = 3;
    ANSWERS(CALLTAP_E_ARGUMENT, calltap_call_add_sink(call, &sink_spec, &sink, NULL, NULL));
    sink_spec.run = 0;
    sink_spec.live = 2;
    ANSWERS(CALLTAP_E_ARGUMENT, calltap_call_add_sink(call, &sink_spec, &sink, NULL, NULL));
    CHECK(mkdtemp(folder) != NULL);
    ANSWERS(CALLTAP_OK, calltap_wav_open(folder, &wav, NULL));
    ANSWERS(CALLTAP_E_ARGUMENT, calltap_call_add_wav(call, wav, &wav_spec, NULL, NULL));
    calltap_wav_destroy(&wav);
    ANSWERS(CALLTAP_E_IO, calltap_wav_open("/dev/null/nowhere", &wav, NULL));
    CHECK(wav == NULL);
    remove(folder);

    given.flags = 0;
    ANSWERS(CALLTAP_E_ARGUMENT, calltap_leg_push(leg, &given));
    given.flags = CALLTAP_HAS_ARRIVAL | 0x100;
    ANSWERS(CALLTAP_E_ARGUMENT, calltap_leg_push(leg, &given));
    given.flags = CALLTAP_HAS_ARRIVAL | CALLTAP_SILENCE;
    ANSWERS(CALLTAP_E_ARGUMENT, calltap_leg_push(leg, &given));
    given = a_frame(0);
    given.sequence = 65536;
    ANSWERS(CALLTAP_E_ARGUMENT, calltap_leg_push(leg, &given));
    ANSWERS(CALLTAP_E_ARGUMENT, calltap_leg_push_rtp(leg, "x", 1, 0));
    ANSWERS(CALLTAP_E_ARGUMENT, calltap_leg_digit(leg, 'x', 0, 0));
    ANSWERS(CALLTAP_E_ARGUMENT, calltap_leg_digit(leg, '5', 2, 0));
    ANSWERS(CALLTAP_E_ARGUMENT, calltap_leg_hold(leg, 2, now_ns()));

    calltap_leg_destroy(&leg);
    calltap_call_destroy(&call);
    calltap_engine_destroy(&engine);
}

static void policies_and_configurations(void)
{
    calltap_policy *policy = NULL;
    calltap_engine *engine = NULL;
    calltap_error error = {sizeof(error), 0, {0}};
    calltap_engine_config config;
    const char *entity = NULL, *service = NULL;
    memset(&config, 0, sizeof(config));
    config.struct_size = sizeof(config);

    ANSWERS(CALLTAP_E_POLICY, calltap_policy_parse("format = 2", 10, "here.toml", &policy, &error));
    CHECK(policy == NULL && strstr(error.text, "here.toml:1:") == error.text);
    ANSWERS(CALLTAP_E_POLICY, calltap_policy_parse("\xff", 1, NULL, &policy, &error));
    ANSWERS(CALLTAP_E_POLICY, calltap_policy_parse("", 0, NULL, &policy, &error));
    ANSWERS(CALLTAP_E_IO, calltap_policy_load("/nowhere/policy.toml", &policy, &error));
    ANSWERS(CALLTAP_E_IO, calltap_policy_check("/nowhere/policy.toml", NULL, NULL, &error));

    config.hold_back_ms = 100;
    ANSWERS(CALLTAP_E_CONFIG, calltap_engine_create(&config, NULL, &engine, &error));
    CHECK(engine == NULL && strstr(error.text, "hold_back_ms is 100") == error.text);
    config.hold_back_ms = 0;
    config.tick_ms = 500;
    ANSWERS(CALLTAP_E_CONFIG, calltap_engine_create(&config, NULL, &engine, &error));
    CHECK(engine == NULL && strstr(error.text, "tick_ms is 500: give 1 to 100") == error.text);

    ANSWERS(CALLTAP_OK, calltap_policy_default(&policy, &error));
    CHECK(error.status == 0 && error.text[0] == 0);
    CHECK(strlen(calltap_policy_hash(policy)) == 64);
    calltap_policy_destroy(&policy);
    policy = a_policy();
    ANSWERS(CALLTAP_OK, calltap_policy_dialed(policy, "+44 20 7946 0123", &entity, &service, NULL));
    CHECK(strcmp(entity, "north") == 0 && strcmp(service, "care") == 0);
    ANSWERS(CALLTAP_EMPTY, calltap_policy_dialed(policy, "+1 202 555 0123", &entity, &service, NULL));
    CHECK(entity == NULL && service == NULL);
    calltap_policy_destroy(&policy);
}

static void limits(const calltap_policy *policy)
{
    calltap_engine *engine = NULL;
    calltap_engine_config config;
    calltap_call_spec spec = a_call_spec();
    calltap_decision record = {sizeof(record), 0, 0, 0, 0};
    calltap_call *calls[2] = {NULL, NULL};
    calltap_leg *legs[9];
    calltap_leg_spec leg_spec = a_leg_spec(CALLTAP_AGENT);
    calltap_frame given = a_frame(0);
    memset(&config, 0, sizeof(config));
    config.struct_size = sizeof(config);
    config.deadline_ms = 60000;
    config.calls = 1;

    ANSWERS(CALLTAP_OK, calltap_engine_create(&config, policy, &engine, NULL));
    calls[0] = a_call(engine);
    for (int leg = 0; leg < 8; leg++) {
        legs[leg] = a_leg(calls[0], CALLTAP_AGENT);
        CHECK(calltap_leg_number(legs[leg]) == (uint32_t)leg);
    }
    ANSWERS(CALLTAP_E_LIMIT, calltap_call_open_leg(calls[0], &leg_spec, &legs[8], NULL));
    CHECK(legs[8] == NULL);

    /* The phone call is never refused. */
    ANSWERS(CALLTAP_OK, calltap_call_start(engine, &spec, NULL, &record, &calls[1], NULL));
    CHECK(record.reason == CALLTAP_REASON_LIMIT_REACHED && record.hook_needed == 0);
    legs[8] = a_leg(calls[1], CALLTAP_CALLER);
    ANSWERS(CALLTAP_SHUT, calltap_leg_push(legs[8], &given));
    ANSWERS(CALLTAP_OK, calltap_call_end(calls[1], 0, 0, NULL, NULL));
    for (int leg = 0; leg < 9; leg++) {
        calltap_leg_destroy(&legs[leg]);
    }
    calltap_call_destroy(&calls[1]);
    calltap_call_destroy(&calls[0]);
    calltap_engine_destroy(&engine);
}

int main(void)
{
    calltap_policy *policy = a_policy();
    after_shutdown(policy);
    after_the_end(policy);
    values(policy);
    policies_and_configurations();
    limits(policy);
    calltap_policy_destroy(&policy);
    return 0;
}
