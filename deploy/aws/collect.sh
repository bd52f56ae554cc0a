#!/bin/sh
# collect.sh BUCKET ROLE [DIRECTORY]
#
# Saves what the aws command answers about a bucket of wallet backups and the role
# that writes to it, for "recover audit --cloud DIRECTORY". It only reads settings:
# the policy collector-policy.json is all that its caller needs. No object is read,
# and nothing is changed. The directory must not exist; it is named after the bucket
# and the time if none is given.
#
# Each call leaves CALL.json (what it printed), CALL.err (its messages) and CALL.rc
# (its exit status). A call that fails is an answer too.
set -eu

[ $# -ge 2 ] && [ $# -le 3 ] || { echo "usage: collect.sh BUCKET ROLE [DIRECTORY]" >&2; exit 2; }
bucket=$1 role=$2
dir=${3:-aws-$bucket-$(date -u +%Y%m%dT%H%M%SZ)}
case $bucket in *[!a-z0-9.-]*|'') echo "collect.sh: BUCKET is the name of a bucket" >&2; exit 2 ;; esac
case $role in *[!A-Za-z0-9+=,.@_-]*|'') echo "collect.sh: ROLE is the name of a role, not its ARN" >&2; exit 2 ;; esac
command -v aws >/dev/null || { echo "collect.sh: the aws command is missing" >&2; exit 1; }
umask 077
mkdir "$dir"

AWS_PAGER='' AWS_DEFAULT_OUTPUT=json
export AWS_PAGER AWS_DEFAULT_OUTPUT

# ask NAME SERVICE OPERATION [ARGUMENT…] makes one call and saves its answer as NAME.
ask() {
    name=$1
    shift
    status=0
    aws "$@" --output json --cli-connect-timeout 20 --cli-read-timeout 60 >"$dir/$name.json" 2>"$dir/$name.err" </dev/null || status=$?
    echo "$status" >"$dir/$name.rc"
}

# texts NAME MEMBER prints the texts of a member of a saved answer, a line each.
texts() { sed -n 's/^ *"'"$2"'": "\([^"\\]*\)",\{0,1\}$/\1/p' "$dir/$1.json"; }

# items NAME prints the texts of the lists in a saved answer, a line each.
items() { sed -n 's/^ *"\([^"\\]*\)",\{0,1\}$/\1/p' "$dir/$1.json"; }

printf '{"format": "recover-cloud/1", "bucket": "%s", "role": "%s", "collected": "%s"}\n' \
    "$bucket" "$role" "$(date -u +%Y-%m-%dT%H:%M:%SZ)" >"$dir/collected.json"

ask sts.get-caller-identity sts get-caller-identity

for call in get-bucket-location get-bucket-versioning get-object-lock-configuration get-bucket-encryption \
    get-public-access-block get-bucket-ownership-controls get-bucket-policy get-bucket-lifecycle-configuration; do
    ask "s3api.$call" s3api "$call" --bucket "$bucket"
done
region=$(texts s3api.get-bucket-location LocationConstraint)
region=${region:-us-east-1}

key=$(texts s3api.get-bucket-encryption KMSMasterKeyID | head -n 1)
if [ -n "$key" ]; then
    case $key in arn:*) key_region=$(echo "$key" | cut -d: -f4) ;; *) key_region=$region ;; esac
    ask kms.describe-key kms describe-key --key-id "$key" --region "$key_region"
    arn=$(texts kms.describe-key Arn | head -n 1)
    for call in get-key-rotation-status list-grants; do
        ask "kms.$call" kms "$call" --key-id "${arn:-$key}" --region "$key_region"
    done
    ask kms.get-key-policy kms get-key-policy --key-id "${arn:-$key}" --policy-name default --region "$key_region"
fi

ask iam.get-role iam get-role --role-name "$role"
ask iam.list-role-policies iam list-role-policies --role-name "$role"
i=0
items iam.list-role-policies | while read -r policy; do
    i=$((i + 1))
    ask "iam.get-role-policy.$i" iam get-role-policy --role-name "$role" --policy-name "$policy"
done
ask iam.list-attached-role-policies iam list-attached-role-policies --role-name "$role"
i=0
texts iam.list-attached-role-policies PolicyArn | while read -r policy; do
    i=$((i + 1))
    ask "iam.get-policy.$i" iam get-policy --policy-arn "$policy"
    version=$(texts "iam.get-policy.$i" DefaultVersionId)
    ask "iam.get-policy-version.$i" iam get-policy-version --policy-arn "$policy" --version-id "${version:-v1}"
done

ask cloudtrail.describe-trails cloudtrail describe-trails --region "$region"
i=0
texts cloudtrail.describe-trails TrailARN | while read -r trail; do
    i=$((i + 1))
    home=$(echo "$trail" | cut -d: -f4)
    ask "cloudtrail.get-event-selectors.$i" cloudtrail get-event-selectors --trail-name "$trail" --region "$home"
    ask "cloudtrail.get-trail-status.$i" cloudtrail get-trail-status --name "$trail" --region "$home"
    ask "cloudtrail.get-trail.$i" cloudtrail get-trail --name "$trail" --region "$home"
    group=$(texts "cloudtrail.get-trail.$i" CloudWatchLogsLogGroupArn | sed 's/.*:log-group:\(.*\):\*$/\1/')
    [ -z "$group" ] || ask "logs.describe-metric-filters.$i" logs describe-metric-filters --log-group-name "$group" --region "$home"
done
ask cloudwatch.describe-alarms cloudwatch describe-alarms --region "$region"

calls=$(find "$dir" -name '*.rc' | wc -l)
failed=$(find "$dir" -name '*.rc' -exec grep -vl '^0$' {} + | wc -l)
echo "collect.sh: $calls calls, $failed without an answer or about a setting that was never made"
echo "now, on any machine: recover audit --cloud $dir"
