/* Handles are destroyed in every order there is; what is left answers, and nothing worse. */
#include "scene.h"

enum { POLICY_, ENGINE, CALL, LEG, OTHER_LEG, HANDLES };

static calltap_policy *policy;
static calltap_engine *engine;
static calltap_call *call;
static calltap_leg *legs[2];

static void make(void)
{
    policy = a_policy();
    engine = an_engine(policy);
    call = a_call(engine);
    legs[0] = a_leg(call, CALLTAP_CALLER);
    legs[1] = a_leg(call, CALLTAP_AGENT);
}

static void destroy(int handle)
{
    switch (handle) {
    case POLICY_:
        calltap_policy_destroy(&policy);
        break;
    case ENGINE:
        calltap_engine_destroy(&engine);
        break;
    case CALL:
        calltap_call_destroy(&call);
        break;
    default:
        calltap_leg_destroy(&legs[handle - LEG]);
    }
}

/* What each that is left answers. */
static void ask(void)
{
    calltap_decision decision = {sizeof(decision), 0, 0, 0, 0};
    calltap_frame frame = a_frame(0);
    int served = engine != NULL && call != NULL;

    if (call != NULL) {
        ANSWERS(engine != NULL ? CALLTAP_OK : CALLTAP_E_STATE,
                calltap_call_decision(call, CALLTAP_RECORD, &decision, NULL));
    }
    for (int leg = 0; leg < 2; leg++) {
        if (legs[leg] != NULL) {
            ANSWERS(served ? CALLTAP_WAIT : CALLTAP_E_STATE, calltap_leg_push(legs[leg], &frame));
            ANSWERS(served ? CALLTAP_OK : CALLTAP_E_STATE, calltap_leg_digit(legs[leg], '5', 0, 0));
        }
    }
    if (policy != NULL) {
        CHECK(calltap_policy_hash(policy) != NULL);
    }
}

/* Each order of what is still in `left`. */
static void orders(int *order, int count, unsigned left)
{
    if (left == 0) {
        make();
        for (int at = 0; at < count; at++) {
            destroy(order[at]);
            ask();
        }
        return;
    }
    for (int handle = 0; handle < HANDLES; handle++) {
        if (left & (1u << handle)) {
            order[count] = handle;
            orders(order, count + 1, left & ~(1u << handle));
        }
    }
}

int main(void)
{
    int order[HANDLES];
    orders(order, 0, (1u << HANDLES) - 1);
    return 0;
}
