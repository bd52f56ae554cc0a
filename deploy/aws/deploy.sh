#!/bin/sh
# deploy.sh production|sandbox DIRECTORY [more arguments of "aws cloudformation deploy"]
#
# Makes or updates the stack of one environment. DIRECTORY holds the files
# production.parameters and sandbox.parameters, a line NAME=VALUE for each
# parameter of template.yaml, and Account=NUMBER. Nothing is deployed if the file is
# of the other environment, if the aws command is logged in to another account, or
# if both environments have the same external ID.
set -eu

refuse() { echo "deploy.sh: $*" >&2; exit 1; }

[ $# -ge 2 ] || { echo "usage: deploy.sh production|sandbox DIRECTORY [ARGUMENT…]" >&2; exit 2; }
environment=$1 dir=$2
shift 2
case $environment in
    production) other=sandbox ;;
    sandbox) other=production ;;
    *) echo "deploy.sh: the environment is production or sandbox" >&2; exit 2 ;;
esac
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
file=$dir/$environment.parameters

# value NAME FILE prints the value of the one line NAME=VALUE.
value() {
    [ "$(grep -c "^$1=" "$2")" = 1 ] || refuse "$2: there has to be one line $1=VALUE"
    sed -n "s/^$1=//p" "$2"
}

[ -f "$file" ] || refuse "$file is missing"
[ "$(value Environment "$file")" = "$environment" ] || refuse "$file is not for $environment: its line Environment says so"
account=$(value Account "$file")
external=$(value ExternalId "$file")
if [ -f "$dir/$other.parameters" ]; then
    [ "$(value ExternalId "$dir/$other.parameters")" != "$external" ] || refuse "production and sandbox have the same external ID: ask the wallet service for another"
fi
logged_in=$(aws sts get-caller-identity --query Account --output text)
[ "$logged_in" = "$account" ] || refuse "the aws command is logged in to account $logged_in, and $environment belongs to $account"

set -- "$@" --parameter-overrides
for name in Environment Company ServicePrincipalArn ExternalId RetentionDays AlarmTopicArn; do
    set -- "$@" "$name=$(value "$name" "$file")"
done
aws cloudformation deploy --stack-name "wallet-backups-$environment" --template-file "$here/template.yaml" \
    --capabilities CAPABILITY_NAMED_IAM --tags "Environment=$environment" --no-fail-on-empty-changeset "$@"
aws cloudformation update-termination-protection --stack-name "wallet-backups-$environment" --enable-termination-protection >/dev/null
aws cloudformation describe-stacks --stack-name "wallet-backups-$environment" --query 'Stacks[0].Outputs[].[OutputKey,OutputValue]' --output text
