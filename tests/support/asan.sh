#!/bin/sh
# Runs the script corpora with a binary that AddressSanitizer watches, three times each: plain, under
# `--gc-stress` and under `--gc-stress=verify`. Standard output is compared with the `.out` beside a script, where there is one.
# A report of the sanitizer, a panic or a signal is a failure everywhere; a script that takes too long is only named.
#
#     tests/support/asan.sh [FOLDER|SCRIPT…]     default: every corpus of the repository
#
# Environment: PROBATE  a binary that is built already (nothing is built then)
#              JOBS     scripts that run at a time (2)
#              MODES    of `plain sweep verify`
#
# Needs a nightly toolchain. The binary allocates from the system (feature `system-alloc`), and under stress no cell is
# recycled: the sanitizer sees each of them on its own.
set -u
cd "$(dirname "$0")/../.."

if [ -z "${PROBATE:-}" ]; then
    host=$(rustc +nightly -vV | sed -n 's/^host: //p')
    RUSTFLAGS="-Zsanitizer=address ${RUSTFLAGS:-}" cargo +nightly build --quiet --target "$host" \
        --no-default-features --features cli,system-alloc --bin probate || exit 2
    PROBATE=${CARGO_TARGET_DIR:-target}/$host/debug/probate
fi
export PROBATE

# One script in one mode: says what is wrong, if anything.
if [ "${1:-}" = "--one" ]; then
    mode=$2 script=$3
    case $mode in
        plain) flag= ;;
        sweep) flag=--gc-stress ;;
        *) flag=--gc-stress=verify ;;
    esac
    # What the heads of the examples ask for.
    folder=$(dirname "$script") input=/dev/null arguments=
    case $script in
        scripts/examples/report.pbt) input=$folder/orders.json ;;
        scripts/examples/wordcount.pbt) input=$folder/fable.txt arguments="--top 10" ;;
        scripts/examples/calc.pbt) input=$folder/calc.txt ;;
    esac
    out=$(mktemp) && err=$(mktemp) || exit 2
    # shellcheck disable=SC2086
    ASAN_OPTIONS="${ASAN_OPTIONS:-detect_leaks=0:exitcode=99}" \
        timeout 300 "$PROBATE" $flag "$script" $arguments >"$out" 2>"$err" <"$input"
    status=$?
    expected=${script%.pbt}.out
    if [ $status -eq 124 ]; then
        echo "SLOW $mode $script: stopped after 300 seconds"
    elif [ $status -ge 70 ] && [ $status -ne 75 ] && [ $status -ne 76 ] && [ $status -ne 77 ] || grep -qE 'Sanitizer|panicked' "$err"; then
        echo "FAIL $mode $script: status $status"
        grep -E 'SUMMARY|panicked' -A 2 "$err" | head -5
        echo "FAIL" >"$FAILED"
    elif [ -f "$expected" ] && ! cmp -s "$expected" "$out"; then
        echo "FAIL $mode $script: the output differs"
        diff "$expected" "$out" | head -10
        echo "FAIL" >"$FAILED"
    fi
    rm -f "$out" "$err"
    exit 0
fi

[ $# -gt 0 ] || set -- tests/language tests/deviations tests/traces tests/regression scripts/examples
FAILED=$(mktemp)
export FAILED
for mode in ${MODES:-plain sweep verify}; do
    for place in "$@"; do
        [ -e "$place" ] && find "$place" -name '*.pbt'
    done | sort | xargs -r -n 1 -P "${JOBS:-2}" "$0" --one "$mode"
    echo "$mode: done"
done
[ ! -s "$FAILED" ]
status=$?
rm -f "$FAILED"
exit $status
