/* Links between values and foreign objects: each kind, light and not, with and without counts of C's. */
#include "check.h"

/* A thing of C's, with what it holds. */
struct thing {
    PbtForeign head;
    PbtContext *context;
    /* Where its ends are counted. */
    int *dealloced;
    int *freed;
    struct thing *next;
    PbtHandle held;
    bool resurrects;
};

static int alive;

static void dealloc(PbtForeign *object) {
    struct thing *thing = (struct thing *)object;
    *thing->dealloced += 1;
    if (thing->resurrects) {
        thing->resurrects = false;
        PBT_INCREF(object);
        return;
    }
    if (thing->next) {
        CHECK(thing->context, pbt_foreign_decref(thing->context, &thing->next->head));
    }
    pbt_close(thing->context, thing->held);
    alive -= 1;
    free(thing);
}

static void free_only(PbtForeign *object) {
    struct thing *thing = (struct thing *)object;
    *thing->freed += 1;
    alive -= 1;
    free(thing);
}

static const PbtForeignType TYPE = {.dealloc = dealloc, .free = free_only};

static int dealloced, freed;

static struct thing *make(PbtContext *c, intptr_t counts) {
    struct thing *thing = calloc(1, sizeof *thing);
    *thing = (struct thing){.head = {.refcount = counts, .kind = &TYPE}, .context = c, .dealloced = &dealloced, .freed = &freed};
    alive += 1;
    return thing;
}

/* A value-link holds its container as long as C counts the object; a foreign-link does not hold its proxy. */
static void kinds(PbtContext *c, bool light) {
    for (int is_foreign = 0; is_foreign < 2; is_foreign++) {
        for (intptr_t counts = 0; counts < 3; counts++) {
            dealloced = freed = 0;
            struct thing *thing = make(c, counts);
            PbtHandle value;
            if (is_foreign) {
                value = pbt_link_foreign(c, &thing->head, light);
                CHECK(c, pbt_kind(c, value) == PBT_KIND_HOST);
            } else {
                value = pbt_object(c);
                CHECK(c, pbt_set(c, value, "name", PBT_TRUE));
                CHECK(c, pbt_link_value(c, value, &thing->head, light));
            }
            CHECK(c, pbt_from_value(c, value) == &thing->head && thing->head.link != 0);
            PbtHandle again = pbt_to_value(c, &thing->head);
            CHECK(c, pbt_from_value(c, again) == &thing->head && pbt_close(c, again));
            pbt_collect(c);
            CHECK(c, dealloced + freed == 0 && pbt_verify(c));

            /* A second link of either end is refused. */
            PbtHandle other = pbt_array(c);
            FAILS(c, !pbt_link_value(c, other, &thing->head, light), PBT_ERROR_KIND_LINK, "linked already");
            FAILS(c, IS_NONE(pbt_link_foreign(c, &thing->head, light)), PBT_ERROR_KIND_LINK, "linked already");
            struct thing *third = make(c, 1);
            FAILS(c, !pbt_link_value(c, value, &third->head, light), PBT_ERROR_KIND_LINK, "linked already");
            PBT_DECREF(&third->head);
            CHECK(c, dealloced == 1 && pbt_close(c, other));
            dealloced = 0;

            CHECK(c, pbt_close(c, value));
            pbt_collect(c);
            if (counts > 0) {
                PbtHandle held = pbt_to_value(c, &thing->head);
                CHECK(c, IS_NONE(held) == (is_foreign == 1) && pbt_error_kind(c) == PBT_ERROR_KIND_NONE);
                CHECK(c, dealloced + freed == 0);
                if (!is_foreign) {
                    PbtHandle name = pbt_get(c, held, "name");
                    CHECK(c, name.bits && pbt_kind(c, name) == PBT_KIND_BOOLEAN && pbt_close(c, name) && pbt_close(c, held));
                }
                for (intptr_t left = counts; left > 1; left--) {
                    PBT_DECREF(&thing->head);
                }
                CHECK(c, pbt_foreign_decref(c, &thing->head));
            }
            /* Light with a link left: freed. Else: deallocated. Once. */
            bool was_linked = counts == 0 || !is_foreign;
            CHECK(c, freed == (light && was_linked) && dealloced == !(light && was_linked));
            pbt_collect(c);
            CHECK(c, freed + dealloced == 1 && alive == 0);
        }
    }
}

/* A count taken off behind the engine's back: the next collection sees it. */
static void late(PbtContext *c) {
    dealloced = freed = 0;
    struct thing *thing = make(c, 1);
    PbtHandle value = pbt_object(c);
    CHECK(c, pbt_link_value(c, value, &thing->head, false) && pbt_close(c, value));
    PBT_DECREF(&thing->head);
    CHECK(c, dealloced == 0);
    pbt_collect(c);
    CHECK(c, dealloced == 1 && alive == 0);
}

/* A deallocator that counts its object up again: the object lives on without a link, and can get another. */
static void resurrection(PbtContext *c) {
    dealloced = freed = 0;
    struct thing *thing = make(c, 0);
    thing->resurrects = true;
    PbtHandle value = pbt_link_foreign(c, &thing->head, false);
    CHECK(c, pbt_close(c, value) && dealloced == 1 && alive == 1);
    CHECK(c, thing->head.refcount == 1 && thing->head.link == 0 && IS_NONE(pbt_to_value(c, &thing->head)));
    value = pbt_object(c);
    CHECK(c, pbt_link_value(c, value, &thing->head, false));
    PBT_DECREF(&thing->head);
    CHECK(c, pbt_close(c, value) && dealloced == 2 && alive == 0);
}

/* A chain of objects, the first one linked: the deallocators take no stack. Each holds a handle, too. */
static void chain(PbtContext *c) {
    enum { LONG = 200000 };
    dealloced = freed = 0;
    struct thing *first = NULL;
    for (int i = 0; i < LONG; i++) {
        struct thing *thing = make(c, i < LONG - 1);
        thing->next = first;
        thing->held = i % 1000 ? PBT_NONE : pbt_array(c);
        first = thing;
    }
    size_t open = pbt_open_count(c);
    PbtHandle value = pbt_link_foreign(c, &first->head, false);
    CHECK(c, pbt_close(c, value));
    CHECK(c, dealloced == LONG && alive == 0 && pbt_open_count(c) == open - LONG / 1000);
}

/* Scripts keep what is linked by the rules that hold for everything. */
static void scripts(PbtContext *c) {
    dealloced = freed = 0;
    CHECK(c, run(c, "let kept = null; function keep(v) { kept = { v }; } function drop() { kept = null; }"));
    struct thing *thing = make(c, 0);
    PbtHandle value = pbt_link_foreign(c, &thing->head, false), keep = pbt_global(c, "keep"), drop = pbt_global(c, "drop");
    PbtHandle result = pbt_call(c, keep, PBT_UNDEFINED, &value, 1);
    CHECK(c, pbt_close(c, result) && pbt_close(c, value));
    pbt_collect(c);
    CHECK(c, dealloced == 0);
    result = pbt_call(c, drop, PBT_UNDEFINED, NULL, 0);
    CHECK(c, pbt_close(c, result) && dealloced == 1);
    pbt_close(c, keep), pbt_close(c, drop);
}

static void misuse(PbtContext *c) {
    struct thing *thing = make(c, 1);
    FAILS(c, !pbt_link_value(c, PBT_TRUE, &thing->head, false), PBT_ERROR_KIND_LINK, "only a container");
    PbtHandle built_in = pbt_global(c, "Math"), array = pbt_array(c);
    FAILS(c, !pbt_link_value(c, built_in, &thing->head, false), PBT_ERROR_KIND_LINK, "built-in");
    FAILS(c, !pbt_link_value(c, PBT_NONE, &thing->head, false), PBT_ERROR_KIND_HANDLE, "");
    FAILS(c, IS_NONE(pbt_link_foreign(c, NULL, false)), PBT_ERROR_KIND_USAGE, "NULL");
    FAILS(c, IS_NONE(pbt_to_value(c, NULL)), PBT_ERROR_KIND_USAGE, "NULL");
    FAILS(c, !pbt_foreign_decref(c, NULL), PBT_ERROR_KIND_USAGE, "NULL");
    PbtForeign untyped = {.refcount = 1};
    FAILS(c, !pbt_link_value(c, array, &untyped, false), PBT_ERROR_KIND_USAGE, "no type");
    thing->head.refcount = -1;
    FAILS(c, !pbt_link_value(c, array, &thing->head, false), PBT_ERROR_KIND_LINK, "impossible count");
    thing->head.refcount = 1;
    CHECK(c, !pbt_from_value(c, array) && !pbt_from_value(c, PBT_NULL) && pbt_error_kind(c) == PBT_ERROR_KIND_NONE);
    CHECK(c, IS_NONE(pbt_to_value(c, &thing->head)) && pbt_error_kind(c) == PBT_ERROR_KIND_NONE);
    pbt_close(c, built_in), pbt_close(c, array);
    PBT_DECREF(&thing->head);
    CHECK(c, alive == 0);
}

int main(void) {
    PbtContext *c = pbt_new(NULL);
    kinds(c, false);
    kinds(c, true);
    late(c);
    resurrection(c);
    chain(c);
    scripts(c);
    misuse(c);
    CHECK(c, pbt_open_count(c) == 0 && pbt_verify(c));

    /* What is linked at the end: without a count of C's it is deallocated, with one it is C's. */
    dealloced = freed = 0;
    struct thing *left[2] = {make(c, 0), make(c, 1)};
    for (int i = 0; i < 2; i++) {
        PbtHandle value = pbt_object(c);
        CHECK(c, pbt_link_value(c, value, &left[i]->head, false));
        CHECK(c, i == 1 ? pbt_close(c, value) : pbt_set_global(c, "left", value) && pbt_close(c, value));
    }
    CHECK(c, pbt_free(c) == 0 && dealloced == 1 && left[1]->head.refcount == 1 && left[1]->head.link == 0);
    left[1]->context = NULL;
    PBT_DECREF(&left[1]->head);
    CHECK(NULL, dealloced == 2 && alive == 0);
    puts("links: done");
    return 0;
}
