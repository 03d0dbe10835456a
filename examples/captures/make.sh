#!/bin/bash
# make.sh [--install] [NAME...]
#
# Makes the captures beside this file: real SIP calls between two real SIP endpoints (baresip and
# sipp), each in a network namespace of its own, written down by tcpdump. Without a NAME it makes all
# of them. Both voices are espeak-ng; the voices are only made when they are missing or named
# (`make.sh voices`), because tests compare the captures with them byte for byte.
#
# Needs root (namespaces), takes about four minutes. Nothing it starts outlives it and nothing
# outside of its own namespaces is touched.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
all=(kept nine-alone nine-in-notice nine-in-window card-number nine-by-agent lossy nine-lossy ipv6
     mulaw two-calls tcp cooked cooked-v1 rawip kept-pcapng)

caller_number=+15550100
agent_number=+15550199
# Sixteen digits no card carries: no issuer begins with 99, and the Luhn sum is wrong.
card_digits=9943012945906799

main() {
    local install=no
    if [ "${1:-}" = --install ]; then install=yes; shift; fi
    case "${1:-}" in -*) echo "usage: make.sh [--install] [NAME...]; names: voices ${all[*]}" >&2; exit 2 ;; esac
    [ $# -gt 0 ] || set -- "${all[@]}"
    for name in "$@"; do
        case " voices ${all[*]} " in *" $name "*) ;; *)
            echo "make.sh: no capture is called '$name'; there are: voices ${all[*]}" >&2; exit 2 ;;
        esac
    done
    packages "$install" "$@"
    [ "$(id -u)" = 0 ] || { echo "make.sh: needs root, for the network namespaces" >&2; exit 1; }
    # A network, a mount table and a process tree of our own: all of it ends with this script.
    if [ -z "${CALLTAP_MAKE_INSIDE:-}" ]; then
        CALLTAP_MAKE_INSIDE=1 exec unshare --net --mount --pid --fork --kill-child --mount-proc \
            "$here/make.sh" "$@"
    fi
    mount -t tmpfs tmpfs /run
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    for name in "$@"; do
        if [ "$name" = voices ] || [ ! -e "$here/voices/caller.wav" ]; then make_voices; fi
    done
    for name in "$@"; do
        [ "$name" != voices ] || continue
        echo "making $name"
        make_"${name//-/_}"
        tear_down
    done
}

# Says in one line which Debian packages are missing, or installs them when told to.
packages() {
    local install=$1 missing=()
    shift
    have() { command -v "$1" >/dev/null || missing+=("$2"); }
    have baresip baresip-core; have sipp sip-tester; have espeak-ng espeak-ng; have sox sox
    have tcpdump tcpdump; have ip iproute2; have python3 python3
    case " $* " in *" kept-pcapng "*) have editcap wireshark-common ;; esac
    [ ${#missing[@]} -gt 0 ] || return 0
    if [ "$install" = no ]; then
        echo "make.sh: missing Debian packages: ${missing[*]} (or run it with --install)" >&2
        exit 1
    fi
    apt-get install -y --no-install-recommends "${missing[@]}"
}

# ---- the voices ---------------------------------------------------------------------------------

# G.711 in WAV, so that the data bytes of the file are the payload bytes of the call.
make_voices() {
    mkdir -p "$here/voices"
    speak caller en-us 165 "Hello, this is the shop on the corner. I would like to ask about a
        payment that I took last week. The customer paid at the counter, the receipt was printed,
        and yet the money has not arrived in our account. I have looked at the list of transactions
        twice. The amount was forty two euros and it was shortly before noon. My colleague says that
        the terminal was restarted that day, and perhaps that has something to do with it. Could you
        please have a look and tell me what happened?"
    speak agent en-gb+f3 160 "Good morning, thank you for calling customer care. I am happy to help
        you with that payment. Let me open your file while you explain what happened. I can see the
        terminal, and I can see the transactions of last week. There was a restart at half past
        eleven, and the batch of that morning was sent again a day later. So the money is on its
        way, and it should be in your account by tomorrow evening. I will write that down for you."
}

speak() { # speak NAME VOICE SPEED TEXT
    espeak-ng -v "$2" -s "$3" -w "$work/spoken.wav" "$4"
    sox -D "$work/spoken.wav" -r 8000 -c 1 -e a-law "$here/voices/$1.wav" gain -n -3 trim 0 22
    sox -D "$work/spoken.wav" -r 8000 -c 1 -e u-law "$here/voices/$1-mulaw.wav" gain -n -3 trim 0 13
}

# ---- the network --------------------------------------------------------------------------------

tear_down() {
    local pid
    for pid in $(jobs -p); do kill "$pid" 2>/dev/null || true; done
    wait
    for ns in caller agent router; do ip netns del "$ns" 2>/dev/null || true; done
    rm -rf "${work:?}"/*
}


namespaces() {
    for ns in "$@"; do
        ip netns add "$ns"
        ip -n "$ns" link set lo up
    done
}

# Two namespaces and a cable between them; IPv4 and IPv6.
cable() {
    namespaces caller agent
    ip link add eth0 netns caller type veth peer name eth0 netns agent
    address caller 192.0.2.10/24 2001:db8::10/64
    address agent 192.0.2.20/24 2001:db8::20/64
}

address() { # address NAMESPACE ADDRESS...
    local ns=$1 a; shift
    for a in "$@"; do
        case $a in *:*) ip -n "$ns" addr add "$a" dev eth0 nodad ;; *) ip -n "$ns" addr add "$a" dev eth0 ;; esac
    done
    ip -n "$ns" link set eth0 up
}

# One line with a loss: a program between two tap (Ethernet) or tun (raw IP) devices, as the netem
# queue is not in every kernel. It loses 3 % of the RTP packets, holds 2 % back for 45 ms (two others
# overtake them) and doubles 0.5 %; what it does to the nth packet of a direction is the same in
# every run. `clean` only carries. SIP passes unharmed, so that the call has the same course always.
line() { # line tap|tun lossy|clean SEED NAMESPACE DEVICE NAMESPACE DEVICE
    local kind=$1 manner=$2 seed=$3
    python3 - "$kind" "$manner" "$seed" "w$seed" "e$seed" <<'PY' &
import fcntl, heapq, os, random, select, struct, sys, time
kind, manner, seed, *names = sys.argv[1:]
TUNSETIFF, IFF = 0x400454CA, (0x0002 if kind == "tap" else 0x0001) | 0x1000  # no packet information

def device(name):
    fd = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(fd, TUNSETIFF, struct.pack("16sH14x", name.encode(), IFF))
    return fd

def is_rtp(packet):
    ip = packet[14:] if kind == "tap" else packet
    return len(ip) > 28 and ip[0] == 0x45 and ip[9] == 17 and min(struct.unpack_from("!HH", ip, 20)) >= 10000

ends = [device(n) for n in names]
chance = {fd: random.Random(f"{seed} {i}") for i, fd in enumerate(ends)}
held, count = [], 0
while True:
    wait = max(0, held[0][0] - time.monotonic()) if held else None
    ready, _, _ = select.select(ends, [], [], wait)
    while held and held[0][0] <= time.monotonic():
        _, _, to, packet = heapq.heappop(held)
        os.write(to, packet)
    for fd in ready:
        packet, to = os.read(fd, 4096), ends[1] if fd == ends[0] else ends[0]
        fate = chance[fd].random() if manner == "lossy" and is_rtp(packet) else 1
        if fate < 0.03:
            continue
        if fate < 0.05:
            count += 1
            heapq.heappush(held, (time.monotonic() + 0.045, count, to, packet))
            continue
        try:
            for _ in range(2 if fate < 0.055 else 1):
                os.write(to, packet)
        except OSError:
            pass  # the far end is not up yet
PY
    shift 3
    local name
    for name in "w$seed" "e$seed"; do
        until ip link show "$name" >/dev/null 2>&1; do sleep 0.05; done
        ip link set "$name" netns "$1" name "$2"
        shift 2
    done
}

# ---- the capture --------------------------------------------------------------------------------

capture() { # capture FILE NAMESPACE DEVICE FILTER [OPTION...]
    local file=$1 ns=$2 device=$3 filter=$4; shift 4
    taken=$here/$file
    case $file in /*) taken=$file ;; esac
    ip netns exec "$ns" tcpdump -i "$device" -s 0 -U --immediate-mode -Z root -w "$taken" "$@" "$filter" 2>"$work/tcpdump.log" &
    tcpdump_pid=$!
    until grep -qs 'listening on' "$work/tcpdump.log"; do sleep 0.05; done
}

capture_ends() {
    sleep 0.5
    kill -TERM "$tcpdump_pid"
    wait "$tcpdump_pid" || true
    grep -q '^0 packets dropped by kernel' "$work/tcpdump.log" || { cat "$work/tcpdump.log" >&2; exit 1; }
    for word in 'INVITE sip:' 'BYE sip:'; do
        grep -aq "$word" "$taken" || { echo "make.sh: no $word in $taken" >&2; exit 1; }
    done
}

# ---- baresip ------------------------------------------------------------------------------------

phone() { # phone NAMESPACE ADDRESS NUMBER VOICE [CONFIG LINE...]
    local ns=$1 address=$2 number=$3 voice=$4 bracketed=$2; shift 4
    case $address in *:*) bracketed="[$address]" ;; esac
    mkdir "$work/$ns"
    # Linear, exactly as A-law says it: baresip's encoder gives the very same bytes back.
    sox -D "$here/voices/$voice.wav" -e signed -b 16 "$work/$ns/voice.wav"
    {
        printf '%s\n' "sip_listen $bracketed:5060" "net_interface $address" "rtp_ports 10000-10100" \
            "module_path $(dirname "$(find /usr/lib -path '*/baresip/modules/g711.so' -print -quit)")" \
            "module g711.so" "module aufile.so" "module aubridge.so" \
            "module_app account.so" "module_app ctrl_tcp.so" "module_app menu.so" \
            "ctrl_tcp_listen 127.0.0.1:4444" "audio_source aufile,$work/$ns/voice.wav" \
            "audio_player aubridge,nowhere" "audio_alert aubridge,nowhere" "$@"
    } >"$work/$ns/config"
    echo "<sip:$number@$bracketed>;regint=0;audio_codecs=PCMA/8000/1;answermode=auto;ptime=20" >"$work/$ns/accounts"
    : >"$work/$ns/contacts"
    ip netns exec "$ns" baresip -f "$work/$ns" >"$work/$ns.log" 2>&1 </dev/null &
    until grep -qs 'baresip is ready' "$work/$ns.log"; do sleep 0.05; done
}

tell() { # tell NAMESPACE COMMAND PARAMETERS: one JSON command in a netstring to that phone
    ip netns exec "$1" bash -c 'exec 3<>/dev/tcp/127.0.0.1/4444; printf "%d:%s," ${#0} "$0" >&3; read -r -t 0.1 -u 3 || true' \
        "{\"command\":\"$2\",\"params\":\"$3\"}"
}

now_ms() { local t=${EPOCHREALTIME/[.,]/}; echo $((t / 1000)); }

# The call's zero is the caller's first RTP packet, a few milliseconds after the dialling.
dial() { dialled=$(now_ms); tell caller dial "$1"; }

at() { # at MILLISECONDS on the call's clock
    local rest=$((dialled + $1 - $(now_ms)))
    [ $rest -le 0 ] || sleep "$(printf '%d.%03d' $((rest / 1000)) $((rest % 1000)))"
}

press() { tell "$1" sndcode "$2"; }

hang_up() { at "$1"; tell caller hangup ""; capture_ends; }

# Two phones on a cable that write down one call as NAME.
baresip_call() { # baresip_call FILE
    cable
    capture "$1" agent eth0 udp
    phone agent 192.0.2.20 $agent_number agent
    phone caller 192.0.2.10 $caller_number caller
    dial "sip:$agent_number@192.0.2.20"
}

make_kept() { baresip_call kept.pcap; hang_up 20000; }
make_nine_in_notice() { baresip_call nine-in-notice.pcap; at 1000; press caller 9; hang_up 12000; }
make_nine_in_window() { baresip_call nine-in-window.pcap; at 3500; press caller 9; hang_up 12000; }
make_nine_alone() { baresip_call nine-alone.pcap; at 10000; press caller 9; hang_up 18000; }
make_nine_by_agent() { baresip_call nine-by-agent.pcap; at 9000; press agent 9; hang_up 17000; }

# A hand's rhythm: 270 to 390 ms from digit to digit.
make_card_number() {
    baresip_call card-number.pcap
    local i due=8000
    for ((i = 0; i < ${#card_digits}; i++)); do
        at $due
        press caller "${card_digits:i:1}"
        due=$((due + 270 + i * 50 % 121))
    done
    hang_up 20000
}

# caller ==lossy line== router ==lossy line== agent, seen on the router's side of the caller's line:
# what comes from either phone has one lossy line behind it.
make_lossy() { lossy_call lossy.pcap; hang_up 15000; }
make_nine_lossy() { lossy_call nine-lossy.pcap; at 8000; press caller 9; hang_up 13000; }

lossy_call() { # lossy_call FILE
    namespaces caller router agent
    line tap lossy 1 caller eth0 router eth0
    line tap lossy 2 router eth1 agent eth0
    address caller 192.0.2.10/24
    address router 192.0.2.1/24
    ip -n router addr add 198.51.100.1/24 dev eth1
    ip -n router link set eth1 up
    ip netns exec router sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'
    address agent 198.51.100.20/24
    ip -n caller route add default via 192.0.2.1
    ip -n agent route add default via 198.51.100.1
    capture "$1" router eth0 udp
    phone agent 198.51.100.20 $agent_number agent
    phone caller 192.0.2.10 $caller_number caller
    dial "sip:$agent_number@198.51.100.20"
}

make_ipv6() {
    cable
    capture ipv6.pcap agent eth0 udp
    phone agent 2001:db8::20 $agent_number agent "net_af ipv6"
    phone caller 2001:db8::10 $caller_number caller "net_af ipv6"
    dial "sip:$agent_number@[2001:db8::20]"
    hang_up 12000
}

# SIP over TCP, the audio over UDP as ever.
make_tcp() {
    cable
    capture tcp.pcap agent eth0 'udp or tcp'
    phone agent 192.0.2.20 $agent_number agent
    phone caller 192.0.2.10 $caller_number caller
    dial "sip:$agent_number@192.0.2.20;transport=tcp"
    hang_up 7000
}

# Linux cooked, version 2 (what tcpdump 4.99 writes for "any") and version 1.
make_cooked() { cooked_call cooked.pcap LINUX_SLL2; }
make_cooked_v1() { cooked_call cooked-v1.pcap LINUX_SLL; }

cooked_call() {
    cable
    capture "$1" agent any udp -y "$2"
    phone agent 192.0.2.20 $agent_number agent
    phone caller 192.0.2.10 $caller_number caller
    dial "sip:$agent_number@192.0.2.20"
    hang_up 7000
}

# A tun device has no link layer: the capture is raw IP.
make_rawip() {
    namespaces caller agent
    line tun clean 1 caller eth0 agent eth0
    address caller 192.0.2.10/24
    address agent 192.0.2.20/24
    capture rawip.pcap agent eth0 udp
    phone agent 192.0.2.20 $agent_number agent
    phone caller 192.0.2.10 $caller_number caller
    dial "sip:$agent_number@192.0.2.20"
    hang_up 7000
}

# tcpdump writes no pcapng: a call of its own, written as pcap and turned by editcap.
make_kept_pcapng() {
    baresip_call "$work/kept.pcap"
    hang_up 8000
    editcap -F pcapng "$taken" "$here/kept.pcapng"
}

# ---- sipp ---------------------------------------------------------------------------------------

# One sipp on either side; the audio is the voice's bytes as they are (rtp_stream), law 0 or 8.
sipp_call() { # sipp_call SIP-PORT RTP-PORT LAW VOICE-SUFFIX MILLISECONDS: returns when the call is over
    local sip=$1 rtp=$2 law=$3 voice=$4 long=$5 dir=$work/sipp$1 pid
    mkdir "$dir"
    for side in caller agent; do raw "$here/voices/$side$voice.wav" >"$dir/$side.raw"; done
    sipp_agent "$law" >"$dir/agent.xml"
    sipp_caller "$law" "$long" >"$dir/caller.xml"
    (cd "$dir" && ip netns exec agent sipp -sf agent.xml -i 192.0.2.20 -mi 192.0.2.20 -p "$sip" -mp "$rtp" -m 1 \
        -nostdin >agent.log 2>&1) &
    pid=$!
    until ip netns exec agent ss -lun | grep -q ":$sip "; do sleep 0.05; done
    (cd "$dir" && ip netns exec caller sipp -sf caller.xml -s $agent_number "192.0.2.20:$sip" -i 192.0.2.10 -mi 192.0.2.10 \
        -p "$sip" -mp "$rtp" -m 1 -nostdin >caller.log 2>&1)
    wait $pid
}

# The bytes of the data chunk: they end the file.
raw() {
    local at
    at=$(grep -abo -m1 data "$1" | head -n1 | cut -d: -f1)
    tail -c +$((at + 9)) "$1"
}

sdp() {
    local name=PCMA
    [ "$1" = 8 ] || name=PCMU
    cat <<SDP
Content-Type: application/sdp
Content-Length: [len]

v=0
o=- 1 1 IN IP[local_ip_type] [local_ip]
s=-
c=IN IP[media_ip_type] [media_ip]
t=0 0
m=audio [rtpstream_audio_port] RTP/AVP $1 101
a=rtpmap:$1 $name/8000
a=rtpmap:101 telephone-event/8000
a=fmtp:101 0-15
a=ptime:20
SDP
}

request() { # request METHOD URI CSEQ TO
    cat <<REQUEST
$1 $2 SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: <sip:$caller_number@[local_ip]:[local_port]>;tag=caller[local_port]
$4
Call-ID: [call_id]
CSeq: $3 $1
Contact: <sip:$caller_number@[local_ip]:[local_port]>
User-Agent: SIPp [sipp_version]
Max-Forwards: 70
REQUEST
}

empty() { printf 'Content-Length: 0\n\n'; }

sipp_caller() { # sipp_caller LAW MILLISECONDS
    cat <<XML
<?xml version="1.0" encoding="ISO-8859-1"?>
<scenario name="caller">
<send retrans="500"><![CDATA[
$(request INVITE 'sip:[service]@[remote_ip]:[remote_port]' 1 'To: <sip:[service]@[remote_ip]:[remote_port]>')
$(sdp "$1")
]]></send>
<recv response="180" optional="true"/>
<recv response="200" rrs="true"/>
<send><![CDATA[
$(request ACK '[next_url]' 1 '[last_To:]')
$(empty)

]]></send>
<nop><action><exec rtp_stream="caller.raw,1,$1"/></action></nop>
<pause milliseconds="$2"/>
<send retrans="500"><![CDATA[
$(request BYE '[next_url]' 2 '[last_To:]')
$(empty)

]]></send>
<recv response="200"/>
</scenario>
XML
}

response() { # response STATUS TO-TAG
    cat <<RESPONSE
SIP/2.0 $1
[last_Via:]
[last_From:]
[last_To:]$2
[last_Call-ID:]
[last_CSeq:]
Contact: <sip:$agent_number@[local_ip]:[local_port]>
Server: SIPp [sipp_version]
RESPONSE
}

sipp_agent() { # sipp_agent LAW
    cat <<XML
<?xml version="1.0" encoding="ISO-8859-1"?>
<scenario name="agent">
<recv request="INVITE"/>
<send><![CDATA[
$(response '180 Ringing' ';tag=agent[local_port]')
$(empty)

]]></send>
<send retrans="500"><![CDATA[
$(response '200 OK' ';tag=agent[local_port]')
$(sdp "$1")
]]></send>
<recv request="ACK"/>
<nop><action><exec rtp_stream="agent.raw,1,$1"/></action></nop>
<recv request="BYE"/>
<send><![CDATA[
$(response '200 OK' '')
$(empty)

]]></send>
</scenario>
XML
}

make_mulaw() {
    cable
    capture mulaw.pcap agent eth0 udp
    sipp_call 5060 6000 0 -mulaw 12000
    capture_ends
}

# The second call begins two seconds into the first and outlives it.
make_two_calls() {
    cable
    capture two-calls.pcap agent eth0 udp
    sipp_call 5060 6000 8 "" 7000 &
    local first=$!
    sleep 2
    sipp_call 5062 6100 8 "" 7000
    wait $first
    capture_ends
}

main "$@"
