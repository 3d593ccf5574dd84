#!/bin/bash
# A slice of 16 TPU v5e on GKE by XPK: PROJECT=... ZONE=... CLUSTER=... IMAGE=... docs/launch/xpk.sh
#
# The cluster is one that `xpk cluster create` made, with a bucket at /runs: `xpk storage attach NAME --project=...
# --zone=... --cluster=... --type=gcsfuse --bucket=BUCKET --mount-point=/runs --readonly=false --auto-mount=true`. A
# checkpoint is a folder that is renamed when it is whole, so the bucket needs a hierarchical namespace
# (https://docs.cloud.google.com/storage/docs/hns-overview): without, GCS FUSE does not rename folders. IMAGE has the
# zoo with its extra `tpu` (with `--fsdp` also `multihost`). A host that fails restarts all; each goes on from the newest
# whole checkpoint.
# Google moves XPK's users to Cluster Toolkit: gcluster.sh is the same with that.
# Not run here: checked by `bash -n` and against xpk's parser (https://github.com/AI-Hypercomputer/xpk, src/xpk/parser).
set -euo pipefail

command="python -m zoo.train --model cnn --dataset mnist --batch-size 1024 --ckpt-every 5m --out /runs/cnn-mnist --resume"

xpk workload create \
    --workload zoo-cnn \
    --project "$PROJECT" --zone "$ZONE" --cluster "$CLUSTER" \
    --tpu-type v5litepod-16 --num-slices 1 \
    --docker-image "$IMAGE" \
    --max-restarts 50 --termination-grace-period-seconds 120 \
    --command "$command --data-dir /runs/data --offline --require tpu"
