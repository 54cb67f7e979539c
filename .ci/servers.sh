# The servers that tests/real_servers, tests/doctor and tests/wan speak to, and the tools that other steps want: installed where missing, never started
# as services.
ensure_servers() {
    local -A package=([nginx]=nginx-light [apache2]=apache2 [haproxy]=haproxy [node]=nodejs [go]=golang-go [strace]=strace
        [valgrind]=valgrind [pip3]=python3-pip [ip]=iproute2)
    local PATH="$PATH:/usr/sbin:/sbin" # Debian keeps servers outside an ordinary user's PATH
    local policy=/usr/sbin/policy-rc.d program missing=() absent=() status=0 wrote_policy=

    for program in "${!package[@]}"; do
        type -P "$program" >/dev/null || missing+=("${package[$program]}")
    done
    if ((${#missing[@]} == 0)); then return 0; fi

    echo "installing: ${missing[*]}"
    # 101 is "forbidden by policy": the packages' scripts then start nothing. A policy that is there already is kept.
    if [[ ! -e $policy ]]; then
        printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod +x "$policy" && wrote_policy=yes || return 1
    fi
    apt-get update -qq &&
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" </dev/null ||
        status=$?
    if [[ $wrote_policy ]]; then rm -f "$policy"; fi

    hash -r
    for program in "${!package[@]}"; do
        type -P "$program" >/dev/null || absent+=("$program")
    done
    if ((${#absent[@]} > 0)); then
        echo "still missing after apt-get (exit $status): ${absent[*]}" >&2
        return 1
    fi
}
