/*
 * A telephone exchange in small: replays a call from a packet capture at its own pace, and records it while it may be
 * recorded. Everything that a host does is here: policy, engine, a call with two legs, the notice, packets from a media
 * thread for each leg, a key, events, the end, the account.
 *
 *   cc record.c -o record $(pkg-config --cflags --libs calltap)
 *   ./record kept.pcap --caller 192.0.2.10:10018 --agent 192.0.2.20:10020 --entity ecommerce-be --notice 0s..2s
 *
 * The capture is a pcap file of Ethernet, IPv4 and UDP; --caller and --agent are where the two send their RTP from. Also
 * --service ID, --language TAG, --out FOLDER, --digit KEY@TIME: the caller presses a key. Times count from the caller's
 * first packet.
 */
#define _POSIX_C_SOURCE 200809L

#include <calltap.h>

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SECOND 1000000000ll

enum { CALLER, AGENT, LEGS };

/* What was asked for. */
struct options {
    const char *capture, *entity, *service, *language, *out;
    struct { uint32_t ip; uint16_t port; } sender[LEGS];
    int64_t notice_from, notice_to, digit_at;
    char digit;
};

/* One RTP packet of the capture. */
struct packet {
    int64_t at; /* since 1970, in nanoseconds */
    uint32_t length;
    uint8_t *bytes;
};

struct stream {
    struct packet *packets;
    size_t count;
};

/* What a media thread has. */
struct media {
    calltap_leg *leg;
    const struct stream *stream;
    int64_t zero;   /* the capture's clock at the caller's first packet */
    uint64_t start; /* our monotonic clock at the same moment */
    char digit;     /* a key that is pressed, 0 for none */
    int64_t digit_at;
};

static void die(const char *what, const char *why)
{
    fprintf(stderr, "record: %s: %s\n", what, why);
    exit(1);
}

/* Goes on when a function answered well; PENDING is well too. */
static void check(int32_t status, const char *what, const calltap_error *error)
{
    if (status < 0) {
        die(what, error->text[0] ? error->text : calltap_status_text(status));
    }
}

/* ---- The media threads: leg.h and nothing else --------------------------------------------------------------------- */

static void sleep_until(uint64_t moment)
{
    struct timespec until = {(time_t)(moment / SECOND), (long)(moment % SECOND)};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR) {
    }
}

static void *carry(void *argument)
{
    struct media *media = argument;
    for (size_t i = 0; i < media->stream->count; i++) {
        const struct packet *packet = &media->stream->packets[i];
        int64_t offset = packet->at - media->zero;
        if (media->digit && media->digit_at <= offset) {
            uint64_t onset = media->start + (uint64_t)media->digit_at;
            sleep_until(onset);
            calltap_leg_digit(media->leg, media->digit, CALLTAP_HAS_ONSET, onset);
            media->digit = 0;
        }
        uint64_t arrival = media->start + (uint64_t)offset;
        sleep_until(arrival);
        int32_t answer = calltap_leg_push_rtp(media->leg, packet->bytes, packet->length, arrival);
        if (answer == CALLTAP_SHUT || answer == CALLTAP_E_STATE) {
            break; /* for good: an exchange takes its hook out */
        }
    }
    return NULL;
}

/* ---- Events: whatever the library has to say, from a descriptor ------------------------------------------------------ */

/* A receipt: what became of the audio of an output, which is named as its files are. */
static void print_receipt(const calltap_event *event)
{
    static const char *const fates[] = {"", "erased", "kept", "out of reach", "not erased yet"};
    printf(": ");
    for (size_t i = 0; i < sizeof event->output.bytes; i++) {
        printf(i == 4 || i == 6 || i == 8 || i == 10 ? "-%02x" : "%02x", event->output.bytes[i]);
    }
    printf(" %s", event->fate < sizeof fates / sizeof *fates ? fates[event->fate] : "");
}

static void print_event(const calltap_event *event)
{
    static const char *const words[] = {
        "", "the notice was given in full", "the notice was not given", "may be tapped from here on",
        "a 9 may stand alone: audio is held", "what was held may go", "the caller refused", "the caller withdrew",
        "paused", "resumed", "another controller", "nothing more will be tapped", "a recording begins",
        "a recording is complete", "a sink failed", "a sink is late", "a receipt", "the call failed"};
    if (event->kind == 0 || event->kind >= sizeof words / sizeof *words) {
        return; /* of a later version */
    }
    printf("%9.3f s  %s", (double)event->at_ns / SECOND, words[event->kind]);
    if (event->kind == CALLTAP_EVENT_CLOSED) {
        printf(": %s", calltap_reason_text(event->reason));
    } else if (event->kind == CALLTAP_EVENT_RECEIPT) {
        print_receipt(event);
    }
    printf(event->text[0] ? ": %s\n" : "%s\n", event->text);
}

static void print_events(calltap_engine *engine)
{
    calltap_event event = {.struct_size = sizeof event};
    calltap_error error = {.struct_size = sizeof error};
    int32_t status;
    while ((status = calltap_engine_next_event(engine, &event, &error)) == CALLTAP_OK) {
        print_event(&event);
    }
    check(status, "event", &error);
}

static uint64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * SECOND + (uint64_t)time.tv_nsec;
}

/* What an exchange's main loop does: waits until a moment, and for the library's descriptor meanwhile. */
static void serve_until(calltap_engine *engine, uint64_t moment)
{
    calltap_error error = {.struct_size = sizeof error};
    struct pollfd waiting = {.fd = -1, .events = POLLIN, .revents = 0};
    check(calltap_engine_event_fd(engine, &waiting.fd, &error), "events", &error);
    for (uint64_t at = now(); at < moment; at = now()) {
        if (poll(&waiting, 1, (int)((moment - at + 999999) / 1000000)) > 0) {
            print_events(engine);
        }
    }
    print_events(engine);
}

static void print_log(void *context, uint32_t level, const char *target, const char *text)
{
    (void)context;
    fprintf(stderr, "%s: %s: %s\n", level == CALLTAP_LOG_ERROR ? "error" : "note", target, text);
}

/* ---- The capture ----------------------------------------------------------------------------------------------------- */

static uint32_t little(const uint8_t *at)
{
    return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static uint16_t big(const uint8_t *at)
{
    return (uint16_t)(at[0] << 8 | at[1]);
}

/* Keeps a frame if it is one of the two streams' RTP. */
static void take(const struct options *options, struct stream *streams, int64_t at, const uint8_t *frame, size_t length)
{
    if (length < 14 + 20 || big(frame + 12) != 0x0800 || (big(frame + 20) & 0x3fff) != 0 || frame[23] != 17) {
        return; /* not IPv4, a fragment, not UDP */
    }
    const uint8_t *udp = frame + 14 + (frame[14] & 15) * 4;
    size_t left = length - (size_t)(udp - frame);
    if (udp > frame + length || left < 8 + 12 || big(udp + 4) < 8 + 12 || big(udp + 4) > left) {
        return; /* cut short, or too short for RTP */
    }
    uint32_t ip;
    memcpy(&ip, frame + 26, 4);
    for (int leg = 0; leg < LEGS; leg++) {
        struct stream *stream = &streams[leg];
        if (options->sender[leg].ip != ip || options->sender[leg].port != big(udp) || udp[8] >> 6 != 2) {
            continue;
        }
        if (stream->count % 1024 == 0) {
            stream->packets = realloc(stream->packets, (stream->count + 1024) * sizeof *stream->packets);
        }
        uint32_t size = big(udp + 4) - 8u;
        uint8_t *bytes = malloc(size);
        if (!stream->packets || !bytes) {
            die(options->capture, "out of memory");
        }
        memcpy(bytes, udp + 8, size);
        stream->packets[stream->count++] = (struct packet){at, size, bytes};
    }
}

/* https://www.ietf.org/archive/id/draft-ietf-opsawg-pcap-05.html, as written on a little-endian machine. */
static void read_capture(const struct options *options, struct stream *streams)
{
    static uint8_t frame[65536];
    uint8_t header[24];
    FILE *file = fopen(options->capture, "rb");
    if (!file) {
        die(options->capture, strerror(errno));
    }
    if (fread(header, 1, 24, file) != 24 || little(header + 20) != 1 ||
        (little(header) != 0xa1b2c3d4 && little(header) != 0xa1b23c4d)) {
        die(options->capture, "no pcap file of Ethernet frames, little-endian");
    }
    int64_t fraction = little(header) == 0xa1b2c3d4 ? 1000 : 1;
    while (fread(header, 1, 16, file) == 16) {
        uint32_t length = little(header + 8);
        if (length > sizeof frame || fread(frame, 1, length, file) != length) {
            die(options->capture, "it is cut short");
        }
        take(options, streams, little(header) * SECOND + little(header + 4) * fraction, frame, length);
    }
    fclose(file);
    if (streams[CALLER].count == 0 || streams[AGENT].count == 0) {
        die(options->capture, "no RTP comes from one of the two addresses");
    }
}

/* ---- The arguments ---------------------------------------------------------------------------------------------------- */

static int64_t moment(const char *text, char **rest)
{
    double seconds = strtod(text, rest);
    if (*rest == text || !(seconds >= 0 && seconds < 86400)) {
        die(text, "not a time, as in 2s or 1.5s");
    }
    *rest += **rest == 's';
    return (int64_t)(seconds * 1e3 + 0.5) * (SECOND / 1000);
}

static void read_options(struct options *options, int count, char **arguments)
{
    for (int i = 1; i < count; i++) {
        const char *name = arguments[i];
        if (name[0] != '-') {
            options->capture = name;
            continue;
        }
        if (i + 1 == count) {
            die(name, "needs a value after it");
        }
        char *value = arguments[++i], *rest = value;
        if (!strcmp(name, "--caller") || !strcmp(name, "--agent")) {
            int leg = name[2] == 'a';
            char *colon = strrchr(value, ':');
            if (colon) {
                *colon = 0;
            }
            if (!colon || inet_pton(AF_INET, value, &options->sender[leg].ip) != 1) {
                die(name, "not an IPv4 address and port, as in 192.0.2.10:10018");
            }
            options->sender[leg].port = (uint16_t)atoi(colon + 1);
        } else if (!strcmp(name, "--notice")) {
            options->notice_from = moment(value, &rest);
            if (strncmp(rest, "..", 2) != 0) {
                die(name, "not FROM..TO, as in 0s..2s");
            }
            options->notice_to = moment(rest + 2, &rest);
        } else if (!strcmp(name, "--digit")) {
            if (!value[0] || value[1] != '@') {
                die(name, "not KEY@TIME, as in 9@3.5s");
            }
            options->digit = value[0];
            options->digit_at = moment(value + 2, &rest);
        } else if (!strcmp(name, "--entity")) {
            options->entity = value;
        } else if (!strcmp(name, "--service")) {
            options->service = value;
        } else if (!strcmp(name, "--language")) {
            options->language = value;
        } else if (!strcmp(name, "--out")) {
            options->out = value;
        } else {
            die(name, "there is no such option; the source begins with what there is");
        }
    }
    if (!options->capture || !options->sender[CALLER].port || !options->sender[AGENT].port) {
        die("usage", "record CAPTURE --caller IP:PORT --agent IP:PORT --entity ID --notice FROM..TO");
    }
}

/* ---- The call ----------------------------------------------------------------------------------------------------------- */

static calltap_leg *open_leg(calltap_call *call, uint32_t role)
{
    const calltap_format formats[] = {
        {CALLTAP_PCMA, 8000, 1}, {CALLTAP_PCMU, 8000, 1}, {CALLTAP_TELEPHONE_EVENT, 8000, 1}};
    const calltap_payload_type types[] = {{8, 0}, {0, 1}, {101, 2}};
    calltap_leg_spec spec = {.struct_size = sizeof spec, .role = role};
    spec.formats = formats, spec.format_count = 3;
    spec.payload_types = types, spec.payload_type_count = 3;
    calltap_error error = {.struct_size = sizeof error};
    calltap_leg *leg = NULL;
    check(calltap_call_open_leg(call, &spec, &leg, &error), "leg", &error);
    return leg;
}

/* What is in a file's queue counts as handed over, and nobody waits for it: the account is final once it is written. */
static void serve_until_written(calltap_engine *engine, const calltap_call *call)
{
    uint64_t in_flight = 1;
    for (uint64_t patience = now() + 5 * SECOND; in_flight > 0 && now() < patience;) {
        in_flight = 0;
        for (uint32_t leg = 0; leg < LEGS; leg++) {
            calltap_ledger ledger = {.struct_size = sizeof ledger};
            calltap_error error = {.struct_size = sizeof error};
            check(calltap_call_ledger(call, leg, &ledger, &error), "ledger", &error);
            in_flight += ledger.in_flight;
        }
        serve_until(engine, now() + (in_flight > 0 ? SECOND / 100 : 0));
    }
}

static void print_account(const calltap_call *call)
{
    static const char *const names[LEGS] = {"caller", "agent"};
    calltap_decision decision = {.struct_size = sizeof decision};
    calltap_error error = {.struct_size = sizeof error};
    check(calltap_call_decision(call, CALLTAP_RECORD, &decision, &error), "decision", &error);
    printf("decision  %s\n", calltap_reason_text(decision.reason));
    calltap_stretch stretches[8];
    uint32_t count = 0;
    check(calltap_call_permitted(call, CALLTAP_RECORD, 0, stretches, 8, &count, &error), "permitted", &error);
    for (uint32_t i = 0; i < count && i < 8; i++) {
        printf("permitted %.3f..%.3f s: %s\n", (double)stretches[i].from_ns / SECOND,
               (double)stretches[i].to_ns / SECOND, calltap_reason_text(stretches[i].ended));
    }
    for (uint32_t leg = 0; leg < LEGS; leg++) {
        calltap_ledger ledger = {.struct_size = sizeof ledger};
        check(calltap_call_ledger(call, leg, &ledger, &error), "ledger", &error);
        uint64_t dropped = ledger.full + ledger.size + ledger.format + ledger.duplicate + ledger.late + ledger.queue +
                           ledger.sink;
        printf("%-9s %" PRIu64 " packets = %" PRIu64 " delivered + %" PRIu64 " masked + %" PRIu64
               " withheld + %" PRIu64 " dropped + %" PRIu64 " purged; %" PRIu64 " lost\n",
               names[leg], ledger.pushed, ledger.delivered, ledger.masked, ledger.withheld, dropped, ledger.purged,
               ledger.lost);
    }
}

int main(int count, char **arguments)
{
    struct options options = {.service = "customer-care", .language = "en", .out = "recordings"};
    struct stream streams[LEGS] = {{NULL, 0}, {NULL, 0}};
    read_options(&options, count, arguments);
    read_capture(&options, streams);
    setvbuf(stdout, NULL, _IOLBF, 0);

    /* Once, when the exchange starts: the policy, the engine, the folder. */
    calltap_error error = {.struct_size = sizeof error};
    calltap_policy *policy = NULL;
    calltap_engine *engine = NULL;
    calltap_wav *folder = NULL;
    /* An exchange would wait less long for an answer: this one has nothing else to do. */
    calltap_engine_config config = {.struct_size = sizeof config, .deadline_ms = 1000, .on_log = print_log};
    check(calltap_policy_default(&policy, &error), "policy", &error);
    check(calltap_engine_create(&config, policy, &engine, &error), "engine", &error);
    calltap_policy_destroy(&policy);

    /* A call comes in. The capture's first moment of the caller is a little ahead, for the agent may begin before. */
    int64_t zero = streams[CALLER].packets[0].at;
    uint64_t start = now() + SECOND / 5;
    calltap_call_spec spec = {.struct_size = sizeof spec, .direction = CALLTAP_INBOUND};
    const char *slash = strrchr(options.capture, '/');
    spec.id = slash ? slash + 1 : options.capture;
    spec.entity = options.entity, spec.service = options.service, spec.language = options.language;
    spec.zero_ns = start, spec.started_ns = zero;
    calltap_decision record = {.struct_size = sizeof record};
    calltap_call *call = NULL;
    check(calltap_call_start(engine, &spec, NULL, &record, &call, &error), "call", &error);
    printf("recording: %s\n", calltap_reason_text(record.reason));
    if (!record.hook_needed) {
        calltap_call_destroy(&call);
        calltap_engine_destroy(&engine);
        return 0; /* such a call's audio is not given to anybody */
    }
    check(calltap_wav_open(options.out, &folder, &error), "folder", &error);
    check(calltap_call_add_wav(call, folder, NULL, NULL, &error), "recorder", &error);

    struct media media[LEGS];
    pthread_t threads[LEGS];
    int64_t last = 0;
    for (int leg = 0; leg < LEGS; leg++) {
        const struct stream *stream = &streams[leg];
        calltap_leg *opened = open_leg(call, leg == CALLER ? CALLTAP_CALLER : CALLTAP_AGENT);
        media[leg] = (struct media){opened, stream, zero, start, leg == CALLER ? options.digit : 0, options.digit_at};
        int64_t ends = stream->packets[stream->count - 1].at - zero;
        last = ends > last ? ends : last;
    }
    for (int leg = 0; leg < LEGS; leg++) {
        if (pthread_create(&threads[leg], NULL, carry, &media[leg]) != 0) {
            die("media", "no thread");
        }
    }

    /* The announcement plays; then the call goes on until somebody hangs up. Times are told, so they are exact. */
    if (options.notice_to > 0) {
        uint64_t from = start + (uint64_t)options.notice_from, to = start + (uint64_t)options.notice_to;
        serve_until(engine, from);
        check(calltap_call_notice_started(call, options.language, from, &error), "notice", &error);
        serve_until(engine, to);
        check(calltap_call_notice_finished(call, 1, to, &error), "notice", &error);
    }
    serve_until(engine, start + (uint64_t)last);
    for (int leg = 0; leg < LEGS; leg++) {
        pthread_join(threads[leg], NULL);
    }
    if (calltap_call_end(call, start + (uint64_t)last, 0, NULL, &error) == CALLTAP_PENDING) {
        fprintf(stderr, "record: a sink is stuck; it gets nothing more\n");
    }
    serve_until_written(engine, call);
    print_account(call);

    /* Handles may go in any order. */
    calltap_leg_destroy(&media[AGENT].leg);
    calltap_call_destroy(&call);
    calltap_leg_destroy(&media[CALLER].leg);
    calltap_wav_destroy(&folder);
    if (calltap_engine_shutdown(engine, 5000, &error) == CALLTAP_PENDING) {
        fprintf(stderr, "record: not everything was written yet\n");
    }
    print_events(engine);
    calltap_engine_destroy(&engine);
    for (int leg = 0; leg < LEGS; leg++) {
        while (streams[leg].count > 0) {
            free(streams[leg].packets[--streams[leg].count].bytes);
        }
        free(streams[leg].packets);
    }
    return 0;
}
