#!/usr/bin/env bash
# Runs the benchmarks with Probate and with those peers that are installed.
#
#   scripts/bench/run.sh                 all of them
#   scripts/bench/run.sh fib sort        some
#
#   PROBATE=path   the probate binary      (target/release/probate)
#   RUNS=n         runs of each, odd       (5; the median counts)
#   PEERS="a b"    which peers to compare  (all that are found)
#
# A time is the user and system time of the whole process, start-up included, in
# milliseconds. Behind it stands its ratio to lua5.4 (below 1 is faster). Every peer has to
# print the same text, or the run fails. The *.pbt files run under node and qjs as they are.
set -uo pipefail
export LC_ALL=C
cd "$(dirname "$0")" || exit 1

probate=${PROBATE:-../../target/release/probate}
if [[ -n ${PROBATE:-} && $probate != /* ]]; then
  probate=$OLDPWD/$probate
fi
runs=${RUNS:-5}
if ! [[ $runs =~ ^[0-9]*[13579]$ ]]; then
  echo "RUNS has to be an odd number, not $runs" >&2
  exit 2
fi
baseline=lua5.4
known="probate lua5.4 luajit python3 node-jitless node qjs"

# The command of a peer, one word a line; nothing if it is not there.
command_of() {
  case $1 in
    probate) [[ -x $probate ]] && echo "$probate" ;;
    node-jitless) command -v node && echo --jitless ;;
    # Past version managers' wrapper scripts, which would be timed along.
    python3) command -v python3 > /dev/null && python3 -c 'import sys; print(sys.executable)' ;;
    *) command -v "$1" ;;
  esac
}

extension_of() {
  case $1 in
    lua*) echo lua ;;
    python3) echo py ;;
    *) echo pbt ;;
  esac
}

temporary=$(mktemp -d)
trap 'rm -rf "$temporary"' EXIT

# Sets `milliseconds` to user + system time of one run; its output goes to $temporary/out.
run_once() {
  local TIMEFORMAT='%3U %3S' user system
  if ! { time "$@" > "$temporary/out" 2> "$temporary/err"; } 2> "$temporary/time"; then
    return 1
  fi
  read -r user system < "$temporary/time"
  milliseconds=$((10#${user/./} + 10#${system/./}))
}

median() {
  printf '%s\n' "$@" | sort -n | sed -n "$(($# / 2 + 1))p"
}

peers=()
for peer in ${PEERS:-$known}; do
  if [[ -n $(command_of "$peer") ]]; then
    peers+=("$peer")
  else
    echo "not found, left out: $peer" >&2
  fi
done
if ((${#peers[@]} == 0)); then
  exit 1
fi

if (($# > 0)); then
  names=("${@%.pbt}")
else
  names=(*.pbt)
  names=("${names[@]%.pbt}")
fi

printf '%-18s' "ms (x $baseline)"
printf '%18s' "${peers[@]}"
printf '\n'

failed=0
for name in "${names[@]}"; do
  declare -A times=()
  declare -A note=()
  expected=
  for peer in "${peers[@]}"; do
    mapfile -t command < <(command_of "$peer")
    samples=()
    for ((run = 0; run < runs; run += 1)); do
      if ! run_once "${command[@]}" "$name.$(extension_of "$peer")"; then
        note[$peer]=failed
        sed "s/^/$name, $peer: /" "$temporary/err" >&2
        break
      fi
      if [[ -z $expected ]]; then
        expected=$temporary/expected
        first=$peer
        cp "$temporary/out" "$expected"
      elif ! cmp -s "$temporary/out" "$expected"; then
        note[$peer]=differs
        diff "$expected" "$temporary/out" | sed "s/^/$name, $first and $peer: /" >&2
        break
      fi
      samples+=("$milliseconds")
    done
    if [[ -n ${note[$peer]:-} ]]; then
      failed=1
    else
      times[$peer]=$(median "${samples[@]}")
    fi
  done

  printf '%-18s' "$name"
  for peer in "${peers[@]}"; do
    cell=${note[$peer]:-${times[$peer]:-}}
    if [[ -z ${note[$peer]:-} && ${times[$baseline]:-0} -gt 0 ]]; then
      hundredths=$(((times[$peer] * 100 + times[$baseline] / 2) / times[$baseline]))
      cell+=$(printf ' (%d.%02d)' $((hundredths / 100)) $((hundredths % 100)))
    fi
    printf '%18s' "$cell"
  done
  printf '\n'
done
exit "$failed"
