/* Every struct with a struct_size that is none, and with one of a later version: refused when that uses what this
 * library does not know, taken when it does not. */
#include "scene.h"

/* A struct as a later header might have it. */
#define LATER(type)                                                                        \
    struct {                                                                               \
        type known;                                                                        \
        uint64_t later[2];                                                                 \
    }

/* Calls `call` with `place.known` in each wrong size, and then in the right one of a later header. */
#define WRONG_SIZES(place, call)                                                           \
    do {                                                                                   \
        static const uint32_t sizes_[] = {0, 1, 3, 4, 0x10001, 0xffffffff};                \
        for (unsigned at_ = 0; at_ < sizeof(sizes_) / sizeof(sizes_[0]); at_++) {          \
            (place).known.struct_size = sizes_[at_];                                       \
            ANSWERS(CALLTAP_E_SIZE, call);                                                 \
        }                                                                                  \
        (place).known.struct_size = sizeof((place).known) - 4;                             \
        ANSWERS(CALLTAP_E_SIZE, call);                                                     \
        (place).known.struct_size = sizeof(place);                                         \
    } while (0)

/* A struct that the host makes: in a later version, with something that is not known here. */
#define UNKNOWN_TAIL(place, call)                                                          \
    do {                                                                                   \
        (place).later[1] = 1;                                                              \
        ANSWERS(CALLTAP_E_SIZE, call);                                                     \
        (place).later[1] = 0;                                                              \
    } while (0)

/* A struct that is filled: what this library does not know of it is zero. */
#define ZERO_TAIL(place, call)                                                             \
    do {                                                                                   \
        (place).later[0] = (place).later[1] = 77;                                          \
        ANSWERS(CALLTAP_OK, call);                                                         \
        CHECK((place).later[0] == 0 && (place).later[1] == 0);                             \
        CHECK((place).known.struct_size == sizeof(place));                                 \
    } while (0)

#define NEW(type, name)                                                                    \
    LATER(type) name;                                                                      \
    memset(&name, 0, sizeof(name));                                                        \
    name.known.struct_size = sizeof(name.known)

static int32_t frame(void *context, void *state, const calltap_audio *audio)
{
    (void)context, (void)state, (void)audio;
    return 0;
}

static void never(void *context)
{
    (void)context;
    CHECK(!"nothing was lent");
}

static void errors_and_engines(const calltap_policy *policy)
{
    calltap_engine *engine = NULL;
    calltap_policy *other = NULL;
    NEW(calltap_error, error);
    NEW(calltap_engine_config, config);
    NEW(calltap_engine_counters, counters);
    NEW(calltap_event, event);

    WRONG_SIZES(error, calltap_policy_default(&other, &error.known));
    CHECK(other == NULL);
    ZERO_TAIL(error, calltap_policy_default(&other, &error.known));
    calltap_policy_destroy(&other);

    WRONG_SIZES(config, calltap_engine_create(&config.known, policy, &engine, NULL));
    UNKNOWN_TAIL(config, calltap_engine_create(&config.known, policy, &engine, NULL));
    CHECK(engine == NULL);
    ANSWERS(CALLTAP_OK, calltap_engine_create(&config.known, policy, &engine, NULL));

    WRONG_SIZES(counters, calltap_engine_counters_read(engine, &counters.known, NULL));
    ZERO_TAIL(counters, calltap_engine_counters_read(engine, &counters.known, NULL));
    WRONG_SIZES(event, calltap_engine_next_event(engine, &event.known, NULL));
    ANSWERS(CALLTAP_EMPTY, calltap_engine_next_event(engine, &event.known, NULL));
    calltap_engine_destroy(&engine);
}

static void calls(const calltap_policy *policy)
{
    calltap_engine *engine = an_engine(policy);
    calltap_call *call = NULL;
    calltap_leg *leg = NULL;
    calltap_wav *wav = NULL;
    char folder[] = "/tmp/calltap-sizes-XXXXXX";
    NEW(calltap_call_spec, spec);
    NEW(calltap_decision, monitor);
    NEW(calltap_decision, record);
    NEW(calltap_leg_spec, leg_spec);
    NEW(calltap_inside, inside);
    NEW(calltap_ledger, ledger);
    NEW(calltap_sink_spec, sink_spec);
    NEW(calltap_sink, sink);
    NEW(calltap_wav_spec, wav_spec);
    NEW(calltap_frame, given);

    spec.known = a_call_spec();
    WRONG_SIZES(spec, calltap_call_start(engine, &spec.known, NULL, NULL, &call, NULL));
    UNKNOWN_TAIL(spec, calltap_call_start(engine, &spec.known, NULL, NULL, &call, NULL));
    WRONG_SIZES(monitor, calltap_call_start(engine, &spec.known, &monitor.known, NULL, &call, NULL));
    WRONG_SIZES(record, calltap_call_start(engine, &spec.known, NULL, &record.known, &call, NULL));
    CHECK(call == NULL);
    ANSWERS(CALLTAP_OK, calltap_call_start(engine, &spec.known, &monitor.known, &record.known, &call, NULL));
    CHECK(record.known.tap == CALLTAP_RECORD && record.known.hook_needed == 1);
    ZERO_TAIL(record, calltap_call_decision(call, CALLTAP_RECORD, &record.known, NULL));
    WRONG_SIZES(record, calltap_call_decision(call, CALLTAP_RECORD, &record.known, NULL));

    leg_spec.known = a_leg_spec(CALLTAP_CALLER);
    WRONG_SIZES(leg_spec, calltap_call_open_leg(call, &leg_spec.known, &leg, NULL));
    UNKNOWN_TAIL(leg_spec, calltap_call_open_leg(call, &leg_spec.known, &leg, NULL));
    CHECK(leg == NULL);
    ANSWERS(CALLTAP_OK, calltap_call_open_leg(call, &leg_spec.known, &leg, NULL));

    WRONG_SIZES(ledger, calltap_call_ledger(call, 0, &ledger.known, NULL));
    ZERO_TAIL(ledger, calltap_call_ledger(call, 0, &ledger.known, NULL));

    sink_spec.known.tap = CALLTAP_RECORD;
    sink.known.frame = frame;
    WRONG_SIZES(sink_spec, calltap_call_add_sink(call, &sink_spec.known, &sink.known, NULL, NULL));
    UNKNOWN_TAIL(sink_spec, calltap_call_add_sink(call, &sink_spec.known, &sink.known, NULL, NULL));
    WRONG_SIZES(sink, calltap_call_add_sink(call, &sink_spec.known, &sink.known, NULL, NULL));
    UNKNOWN_TAIL(sink, calltap_call_add_sink(call, &sink_spec.known, &sink.known, NULL, NULL));
    ANSWERS(CALLTAP_OK, calltap_call_add_sink(call, &sink_spec.known, &sink.known, NULL, NULL));
    WRONG_SIZES(ledger, calltap_call_sink_ledger(call, 0, 0, &ledger.known, NULL));
    ZERO_TAIL(ledger, calltap_call_sink_ledger(call, 0, 0, &ledger.known, NULL));

    CHECK(mkdtemp(folder) != NULL);
    ANSWERS(CALLTAP_OK, calltap_wav_open(folder, &wav, NULL));
    WRONG_SIZES(wav_spec, calltap_call_add_wav(call, wav, &wav_spec.known, NULL, NULL));
    UNKNOWN_TAIL(wav_spec, calltap_call_add_wav(call, wav, &wav_spec.known, NULL, NULL));
    ANSWERS(CALLTAP_OK, calltap_call_add_wav(call, wav, &wav_spec.known, NULL, NULL));

    given.known = a_frame(0);
    WRONG_SIZES(given, calltap_leg_push(leg, &given.known));
    UNKNOWN_TAIL(given, calltap_leg_push(leg, &given.known));
    ANSWERS(CALLTAP_WAIT, calltap_leg_push(leg, &given.known));
    WRONG_SIZES(given, calltap_leg_commit(leg, &given.known));
    WRONG_SIZES(given, calltap_leg_lend(leg, &given.known, never, NULL));

    WRONG_SIZES(inside, calltap_call_pause(call, 0, 0, &inside.known, NULL));
    WRONG_SIZES(inside, calltap_call_withdraw(call, "agent", 0, 0, &inside.known, NULL));
    WRONG_SIZES(inside, calltap_call_end(call, 0, 0, &inside.known, NULL));
    ANSWERS(CALLTAP_OK, calltap_call_end(call, 0, 60000, &inside.known, NULL));
    CHECK(inside.known.count == 0);

    calltap_leg_destroy(&leg);
    calltap_call_destroy(&call);
    calltap_wav_destroy(&wav);
    calltap_engine_destroy(&engine);
    remove(folder);
}

int main(void)
{
    calltap_policy *policy = a_policy();
    errors_and_engines(policy);
    calls(policy);
    calltap_policy_destroy(&policy);
    return 0;
}
