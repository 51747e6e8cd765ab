#!/usr/bin/env bash
# Copyright: Contributors to the aws_ivs.chat collection
# SPDX-License-Identifier: GPL-3.0-or-later

# List or create, list or tag, list or delete, with the AWS CLI: cli.sh present|absent COUNT
set -euo pipefail
state=$1 count=$2

for ((number = 1; number <= count; number++)); do
  name=bench-$number
  found=$(aws ivschat list-rooms --name "$name" --query 'rooms[0].[arn, tags.team]' --output text)
  read -r arn team <<<"$found"
  if [[ $state == absent ]]; then
    [[ $arn == None ]] || aws ivschat delete-room --identifier "$arn"
  elif [[ $arn == None ]]; then
    aws ivschat create-room --name "$name" --tags team=bench >/dev/null
  elif [[ $team != bench ]]; then
    aws ivschat tag-resource --resource-arn "$arn" --tags team=bench
  fi
done
