/* Events and the log by callbacks: each with its context, none after the engine is gone. */
#include "scene.h"

struct heard {
    int events, closed, warnings, gone, after;
    uint64_t call;
};

static void on_event(void *context, const calltap_event *event)
{
    struct heard *heard = context;
    CHECK(event->struct_size == sizeof(*event) && event->call == heard->call && event->kind != 0);
    __atomic_add_fetch(&heard->events, 1, __ATOMIC_SEQ_CST);
    if (event->kind == CALLTAP_EVENT_CLOSED) {
        CHECK(event->reason == CALLTAP_REASON_ENDED);
        __atomic_add_fetch(&heard->closed, 1, __ATOMIC_SEQ_CST);
    }
    __atomic_add_fetch(&heard->after, __atomic_load_n(&heard->gone, __ATOMIC_SEQ_CST), __ATOMIC_SEQ_CST);
}

static void on_log(void *context, uint32_t level, const char *target, const char *text)
{
    struct heard *heard = context;
    CHECK(level >= CALLTAP_LOG_ERROR && level <= CALLTAP_LOG_INFO && target[0] != 0 && text[0] != 0);
    __atomic_add_fetch(&heard->warnings, level == CALLTAP_LOG_WARNING, __ATOMIC_SEQ_CST);
    __atomic_add_fetch(&heard->after, __atomic_load_n(&heard->gone, __ATOMIC_SEQ_CST), __ATOMIC_SEQ_CST);
}

int main(void)
{
    calltap_policy *policy = a_policy();
    calltap_engine *engine = NULL;
    calltap_engine_config config;
    calltap_call *call, *other;
    calltap_event event;
    calltap_engine_counters counters = {sizeof(counters), 0, 0, 0, 0, 0, 0, 0, 0, 0};
    struct heard heard;
    memset(&heard, 0, sizeof(heard));
    memset(&event, 0, sizeof(event));
    event.struct_size = sizeof(event);
    memset(&config, 0, sizeof(config));
    config.struct_size = sizeof(config);
    config.deadline_ms = 60000;
    config.calls = 1;
    config.on_event = on_event;
    config.event_context = &heard;
    config.on_log = on_log;
    config.log_context = &heard;

    ANSWERS(CALLTAP_OK, calltap_engine_create(&config, policy, &engine, NULL));
    heard.call = 1;
    call = a_call(engine);
    CHECK(calltap_call_number(call) == 1);
    other = a_call(engine);
    CHECK(__atomic_load_n(&heard.warnings, __ATOMIC_SEQ_CST) == 1);
    ANSWERS(CALLTAP_OK, calltap_engine_counters_read(engine, &counters, NULL));
    CHECK(counters.calls == 1 && counters.turned_away == 1 && counters.outputs == 0 && counters.events_lost == 0);
    ANSWERS(CALLTAP_OK, calltap_call_notice_started(call, "en", 0, NULL));
    ANSWERS(CALLTAP_OK, calltap_call_notice_finished(call, 0, 0, NULL));
    ANSWERS(CALLTAP_OK, calltap_call_end(call, 0, 60000, NULL, NULL));
    calltap_call_destroy(&other);
    calltap_call_destroy(&call);
    ANSWERS(CALLTAP_EMPTY, calltap_engine_next_event(engine, &event, NULL));
    calltap_engine_destroy(&engine);
    __atomic_store_n(&heard.gone, 1, __ATOMIC_SEQ_CST);
    CHECK(heard.events >= 2 && heard.closed == 1 && heard.after == 0);
    calltap_policy_destroy(&policy);
    return 0;
}
