#!/bin/bash
# A slice of 16 TPU v5e on GKE by Cluster Toolkit:
# PROJECT=... ZONE=... CLUSTER=... IMAGE=... BUCKET=... docs/launch/gcluster.sh
#
# What xpk.sh does, with the tool that Google moves XPK's users to; gcluster 1.103.0 or newer. The bucket is mounted at
# /runs and needs a hierarchical namespace, as there. Without `rw` it could only be read.
# Not run here: checked by `bash -n`, against the flags of gcluster and the guide
# https://github.com/GoogleCloudPlatform/cluster-toolkit/blob/main/docs/migration/xpk_to_clustertoolkit.md
set -euo pipefail

command="python -m zoo.train --model cnn --dataset mnist --batch-size 1024 --ckpt-every 5m --out /runs/cnn-mnist --resume"

gcluster job submit \
    --name zoo-cnn \
    --project "$PROJECT" --location "$ZONE" --cluster "$CLUSTER" \
    --compute-type v5litepod-16 --num-slices 1 \
    --image "$IMAGE" \
    --mount "gs://$BUCKET;/runs;rw" \
    --restarts 50 --grace-period 120s \
    --command "$command --data-dir /runs/data --offline --require tpu"
