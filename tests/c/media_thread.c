/* A module of a host: its media thread may make no system call and must not allocate, and calls every function of leg.h in
 * every state of a call. */
#include "scene.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <unistd.h>

/* The loader's. */
extern void guard_this_thread(void);

int run(void);

static struct {
    calltap_leg *leg;
    /* The time: the media thread cannot ask for it. */
    uint64_t now;
    int nine, stop, stopped;
    /* What it was answered, by status from CALLTAP_E_BUSY on. */
    int answers[16];
    int given_back;
} shared;

static uint64_t load(const uint64_t *from)
{
    return __atomic_load_n(from, __ATOMIC_SEQ_CST);
}

static void count(int32_t status)
{
    __atomic_add_fetch(&shared.answers[status - CALLTAP_E_BUSY], 1, __ATOMIC_SEQ_CST);
}

static int counted(int32_t status)
{
    return __atomic_load_n(&shared.answers[status - CALLTAP_E_BUSY], __ATOMIC_SEQ_CST);
}

static void give_back(void *context)
{
    (void)context;
    __atomic_add_fetch(&shared.given_back, 1, __ATOMIC_SEQ_CST);
}

/* Every way of a frame, one after the other, and what may be said beside. */
static void offer(uint32_t number, uint64_t arrival)
{
    static uint8_t audio[160], packet[172] = {0x80, 8};
    void *data;
    uint32_t room;
    int32_t status;
    calltap_frame frame = {sizeof(frame), CALLTAP_HAS_RTP_TIMESTAMP | CALLTAP_HAS_SEQUENCE | CALLTAP_HAS_ARRIVAL,
                           audio, sizeof(audio), 160, 0, number & 0xffff, number * 160, 0, arrival};
    switch (number % 6) {
    case 0:
        packet[2] = (uint8_t)(number >> 8);
        packet[3] = (uint8_t)number;
        packet[5] = (uint8_t)(frame.rtp_timestamp >> 16);
        packet[6] = (uint8_t)(frame.rtp_timestamp >> 8);
        packet[7] = (uint8_t)frame.rtp_timestamp;
        count(calltap_leg_push_rtp(shared.leg, packet, sizeof(packet), arrival));
        break;
    case 1:
        status = calltap_leg_reserve(shared.leg, &data, &room);
        if (status == CALLTAP_OK) {
            memset(data, 0xd5, 160);
            status = calltap_leg_commit(shared.leg, &frame);
        }
        count(status);
        break;
    case 2:
        count(calltap_leg_lend(shared.leg, &frame, give_back, NULL));
        break;
    case 3:
        frame.flags |= CALLTAP_SILENCE;
        frame.length = 0;
        count(calltap_leg_push(shared.leg, &frame));
        count(calltap_leg_digit(shared.leg, '5', CALLTAP_HAS_ONSET, arrival));
        break;
    case 4:
        count(calltap_leg_hold(shared.leg, number / 6 % 2, arrival));
        count(calltap_leg_push(shared.leg, &frame));
        break;
    default:
        count(calltap_leg_push(shared.leg, &frame));
        /* Errors too. */
        frame.struct_size = 3;
        count(calltap_leg_push(shared.leg, &frame));
        count(calltap_leg_push(NULL, &frame));
        frame.struct_size = sizeof(frame);
        frame.format = 9;
        count(calltap_leg_push(shared.leg, &frame));
    }
}

static void *media_thread(void *unused)
{
    struct sock_filter kill[] = {BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS)};
    struct sock_fprog filter = {1, kill};
    uint64_t began = load(&shared.now);
    uint32_t number = 0;
    (void)unused;
    guard_this_thread();
    CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
    CHECK(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0);
    /* From here on any system call is the end. */
    while (!__atomic_load_n(&shared.stop, __ATOMIC_SEQ_CST)) {
        while (began + number * 20 * MS <= load(&shared.now)) {
            offer(number, began + number * 20 * MS);
            number++;
        }
        if (__atomic_exchange_n(&shared.nine, 0, __ATOMIC_SEQ_CST)) {
            count(calltap_leg_digit(shared.leg, '9', 0, 0));
        }
    }
    __atomic_store_n(&shared.stopped, 1, __ATOMIC_SEQ_CST);
    /* Ending a thread is a system call. */
    for (;;) {
    }
}

/* Time passes until the media thread was answered so `more` times more. */
static void until(int32_t status, int more)
{
    uint64_t give_up = now_ns() + 60000 * MS;
    int enough = counted(status) + more;
    while (counted(status) < enough) {
        CHECK(now_ns() < give_up);
        __atomic_store_n(&shared.now, now_ns(), __ATOMIC_SEQ_CST);
        nap(5 * MS);
    }
}

int run(void)
{
    calltap_policy *policy = a_policy();
    calltap_engine *engine = an_engine(policy);
    calltap_call *call = a_call(engine);
    calltap_decision decision = {sizeof(decision), 0, 0, 0, 0};
    uint64_t give_up = now_ns() + 60000 * MS;
    pthread_t thread;
    shared.leg = a_leg(call, CALLTAP_CALLER);
    shared.now = now_ns();
    CHECK(pthread_create(&thread, NULL, media_thread, NULL) == 0);

    until(CALLTAP_WAIT, 12);
    ANSWERS(CALLTAP_OK, calltap_call_notice_started(call, "en", 0, NULL));
    until(CALLTAP_OK, 12);
    ANSWERS(CALLTAP_OK, calltap_call_notice_finished(call, 1, 0, NULL));
    do {
        CHECK(now_ns() < give_up);
        until(CALLTAP_OK, 1);
        ANSWERS(CALLTAP_OK, calltap_call_decision(call, CALLTAP_RECORD, &decision, NULL));
    } while (decision.reason != CALLTAP_REASON_ALLOWED);
    until(CALLTAP_OK, 24);
    CHECK(counted(CALLTAP_DROPPED) > 0 && counted(CALLTAP_E_SIZE) > 0 && counted(CALLTAP_E_NULL) > 0);
    /* It must stand alone: until then all is held. */
    __atomic_store_n(&shared.nine, 1, __ATOMIC_SEQ_CST);
    until(CALLTAP_OK, 24);
    ANSWERS(CALLTAP_OK, calltap_call_withdraw(call, NULL, 0, 60000, NULL, NULL));
    until(CALLTAP_SHUT, 12);
    calltap_call_destroy(&call);
    until(CALLTAP_E_STATE, 12);
    calltap_engine_destroy(&engine);
    until(CALLTAP_E_STATE, 12);
    CHECK(counted(CALLTAP_E_PANIC) == 0 && counted(CALLTAP_E_ARGUMENT) == 0);

    __atomic_store_n(&shared.stop, 1, __ATOMIC_SEQ_CST);
    while (!__atomic_load_n(&shared.stopped, __ATOMIC_SEQ_CST)) {
        nap(MS);
    }
    CHECK(__atomic_load_n(&shared.given_back, __ATOMIC_SEQ_CST) > 0);
    calltap_leg_destroy(&shared.leg);
    calltap_policy_destroy(&policy);
    /* The media thread still runs: it cannot end. */
    fflush(NULL);
    _exit(0);
}
