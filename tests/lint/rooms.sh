# A room includes only itself and the rooms before it.
rooms="base parallel data assignment transport laot nets metrics trackability io conditions choice models evaluation capi"

rank_of() {
  local number=0 room
  for room in $rooms; do
    [ "$room" = "$1" ] && { echo $number; return; }
    number=$((number + 1))
  done
  echo none
}

# The room of a core header: its folder or name; else the folder of the source of the same name; else
# the room that its name begins with. detail/ holds what a room shares with later ones only.
room_of_header() {
  local header=${1#detail/} stem source
  case $header in
    armadillo.hpp) echo base; return ;;
    */*) echo "${header%%/*}"; return ;;
  esac
  stem=${header%.hpp}
  source=$(find src -name "$stem.cpp" | head -n 1)
  source=${source#src/}
  if [ "$(rank_of "$stem")" != none ]; then echo "$stem"
  elif [ -n "$source" ]; then echo "${source%%/*}"
  else echo "${stem%%_*}"; fi
}

status=0
complain() {
  echo "$1"
  status=1
}

check_file() { # FILE ROOM
  local file=$1 room=$2 mine header other theirs
  mine=$(rank_of "$room")
  [ "$mine" != none ] || { complain "$file: no room is called '$room'; a header is named after its room or after a source of it"; return; }
  while read -r header; do
    other=$(room_of_header "$header")
    theirs=$(rank_of "$other")
    if [ "$theirs" = none ]; then
      complain "$file includes laot/$header, whose room is not known"
    elif [ "$theirs" -gt "$mine" ]; then
      complain "$file ($room) includes laot/$header ($other), a later room"
    fi
  done < <(sed -nE 's@^#[[:space:]]*include[[:space:]]*["<]laot/([^">]+)[">].*@\1@p' "$file")
  # A path out of the own folder goes round the headers.
  if grep -nE '^#[[:space:]]*include[[:space:]]*"\.\./' "$file"; then
    complain "$file includes a private header of another folder"
  fi
}

for file in $(find include/laot -name '*.hpp'); do check_file "$file" "$(room_of_header "${file#include/laot/}")"; done
for file in $(find src -name '*.cpp' -o -name '*.hpp' -o -name '*.inc'); do
  room=${file#src/}
  check_file "$file" "${room%%/*}"
done
for file in $(find capi -name '*.cpp' -o -name '*.hpp'); do check_file "$file" capi; done
# The contract stands alone.
if grep -nE '#[[:space:]]*include[[:space:]]*["<]laot/' capi/laot.h; then complain "capi/laot.h includes a core header"; fi
exit $status
