/* A call as the test programs need it. All times are told: nothing waits for a second to pass on a clock but the
 * notice's window, and that by asking until it has. */
#ifndef SCENE_H
#define SCENE_H

#include "check.h"

#include <string.h>
#include <time.h>

#define MS 1000000ull

/* A second's window; its numbers are kept for fiction by the regulator (Ofcom). */
static const char POLICY[] =
    "format = 1\n"
    "never_countries = [\"US\"]\n"
    "[[entity]]\n"
    "id = \"north\"\n"
    "name = \"North Payments Ltd\"\n"
    "country = \"GB\"\n"
    "time_zone = \"Europe/London\"\n"
    "monitor = [\"quality\"]\n"
    "record = [\"quality\", \"evidence\"]\n"
    "numbers = [{ number = \"+44 20 7946 01\", service = \"care\" }]\n"
    "[group]\n"
    "lead = \"north\"\n"
    "head = \"north\"\n"
    "[[service]]\n"
    "id = \"care\"\n"
    "name = \"Customer care\"\n"
    "directions = [\"inbound\"]\n"
    "[[notice]]\n"
    "language = \"en\"\n"
    "text = \"This call may be recorded. Press 9 if you do not want that.\"\n"
    "[opt_out]\n"
    "window = \"1s\"\n"
    "alone = \"1s\"\n"
    "until = \"call-end\"\n"
    "on_objection = \"erase\"\n"
    "[retention]\n"
    "period = \"1 month\"\n"
    "extension = \"never\"\n"
    "disputable_cap = false\n"
    "[eu]\n"
    "members = []\n"
    "[legal]\n"
    "ground = \"Legitimate interest\"\n"
    "[[legal.basis]]\n"
    "text = \"An act of fiction, article 1\"\n"
    "entities = [\"north\"]\n"
    "[contacts]\n"
    "data_protection_officer = \"The data protection officer, 1 Example Street, London\"\n"
    "complaints = \"The authority of the country\"\n"
    "[information]\n"
    "page = \"https://www.example.com/recording\"\n";

static inline uint64_t now_ns(void)
{
    struct timespec now;
    CHECK(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
    return (uint64_t)now.tv_sec * 1000000000ull + (uint64_t)now.tv_nsec;
}

static inline void nap(uint64_t ns)
{
    struct timespec span = {(time_t)(ns / 1000000000ull), (long)(ns % 1000000000ull)};
    nanosleep(&span, NULL);
}

static inline calltap_policy *a_policy(void)
{
    calltap_policy *policy = NULL;
    calltap_error error = {sizeof(error), 0, {0}};
    int32_t status = calltap_policy_parse(POLICY, strlen(POLICY), "tests", &policy, &error);
    if (status != CALLTAP_OK) {
        fprintf(stderr, "%s\n", error.text);
    }
    ANSWERS(CALLTAP_OK, status);
    return policy;
}

static inline calltap_engine *an_engine(const calltap_policy *policy)
{
    calltap_engine *engine = NULL;
    calltap_engine_config config;
    memset(&config, 0, sizeof(config));
    config.struct_size = sizeof(config);
    /* Under valgrind all takes long, and nothing here is about deadlines. */
    config.deadline_ms = 60000;
    config.stuck_after_ms = 600000;
    ANSWERS(CALLTAP_OK, calltap_engine_create(&config, policy, &engine, NULL));
    return engine;
}

static inline calltap_call_spec a_call_spec(void)
{
    calltap_call_spec spec;
    memset(&spec, 0, sizeof(spec));
    spec.struct_size = sizeof(spec);
    spec.direction = CALLTAP_INBOUND;
    spec.id = "a call";
    spec.entity = "north";
    spec.service = "care";
    spec.language = "en";
    return spec;
}

static inline calltap_call *a_call(calltap_engine *engine)
{
    calltap_call *call = NULL;
    calltap_call_spec spec = a_call_spec();
    ANSWERS(CALLTAP_OK, calltap_call_start(engine, &spec, NULL, NULL, &call, NULL));
    return call;
}

static const calltap_format FORMATS[] = {{CALLTAP_PCMA, 8000, 1}, {CALLTAP_TELEPHONE_EVENT, 8000, 1}};
static const calltap_payload_type PAYLOAD_TYPES[] = {{8, 0}, {101, 1}};

static inline calltap_leg_spec a_leg_spec(uint32_t role)
{
    calltap_leg_spec spec;
    memset(&spec, 0, sizeof(spec));
    spec.struct_size = sizeof(spec);
    spec.role = role;
    spec.formats = FORMATS;
    spec.format_count = 2;
    spec.payload_types = PAYLOAD_TYPES;
    spec.payload_type_count = 2;
    /* Under valgrind the worker may be far behind. */
    spec.slots = 128;
    return spec;
}

static inline calltap_leg *a_leg(calltap_call *call, uint32_t role)
{
    calltap_leg *leg = NULL;
    calltap_leg_spec spec = a_leg_spec(role);
    ANSWERS(CALLTAP_OK, calltap_call_open_leg(call, &spec, &leg, NULL));
    return leg;
}

/* 20 ms of a tone nobody keys. */
static inline calltap_frame a_frame(uint32_t number)
{
    static uint8_t audio[160];
    calltap_frame frame;
    memset(&frame, 0, sizeof(frame));
    memset(audio, 0xd5, sizeof(audio));
    frame.struct_size = sizeof(frame);
    frame.flags = CALLTAP_HAS_RTP_TIMESTAMP | CALLTAP_HAS_SEQUENCE | CALLTAP_HAS_ARRIVAL;
    frame.data = audio;
    frame.length = sizeof(audio);
    frame.samples = 160;
    frame.sequence = number & 0xffff;
    frame.rtp_timestamp = number * 160;
    frame.ssrc = 7;
    frame.arrival_ns = now_ns();
    return frame;
}

/* One leg, its frames at their own pace. */
struct stream {
    calltap_leg *leg;
    uint64_t began;
    uint32_t number;
};

/* Pushes what is due by now. */
static inline void pace(struct stream *stream)
{
    if (stream->began == 0) {
        stream->began = now_ns();
    }
    while (stream->began + stream->number * 20 * MS <= now_ns()) {
        calltap_frame frame = a_frame(stream->number);
        frame.arrival_ns = stream->began + stream->number * 20 * MS;
        int32_t status = calltap_leg_push(stream->leg, &frame);
        CHECK(status >= 0);
        stream->number++;
    }
}

/* Plays the notice, keeps the caller talking, and returns when `tap` is permitted. */
static inline void permitted(calltap_call *call, struct stream *caller, uint32_t tap)
{
    uint64_t give_up = now_ns() + 60000 * MS;
    calltap_decision decision;
    memset(&decision, 0, sizeof(decision));
    decision.struct_size = sizeof(decision);
    pace(caller);
    CHECK(calltap_call_notice_started(call, "en", 0, NULL) >= 0);
    CHECK(calltap_call_notice_finished(call, 1, 0, NULL) >= 0);
    do {
        CHECK(now_ns() < give_up);
        pace(caller);
        nap(5 * MS);
        ANSWERS(CALLTAP_OK, calltap_call_decision(call, tap, &decision, NULL));
    } while (decision.reason != CALLTAP_REASON_ALLOWED);
}

#endif
