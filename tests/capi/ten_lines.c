#include <probate.h>
#include <stdio.h>
#include <string.h>

int main(void) {
    const char *script = "`Hello from ${place}, ${1 + 2} times`";
    PbtContext *context = pbt_new(NULL);
    PbtHandle place = pbt_string(context, "C", 1);
    pbt_set_global(context, "place", place);
    PbtHandle greeting = pbt_eval(context, "greeting.pbt", script, strlen(script));
    puts(greeting.bits ? pbt_string_bytes(context, greeting, NULL) : pbt_error_message(context));
    pbt_close(context, greeting);
    pbt_close(context, place);
    return pbt_free(context) != 0;
}
