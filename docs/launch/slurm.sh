#!/bin/bash
# Two nodes of eight GPUs on Slurm: sbatch docs/launch/slurm.sh
#
# One task a GPU: under Slurm, jax gives each process the GPU of its own number. Runs must lie on a file system that
# every node sees, with locks. The signal comes two minutes before the time is over, to srun's processes and not to this
# shell; the run then writes a checkpoint, ends with 143, and the job queues again. Not run here: checked by `bash -n`,
# against the manuals of sbatch and scontrol (https://slurm.schedmd.com/sbatch.html) and jax's `slurm_cluster.py`.
#SBATCH --job-name=zoo
#SBATCH --nodes=2
#SBATCH --ntasks-per-node=8
#SBATCH --gpus-per-node=8
#SBATCH --cpus-per-task=8
#SBATCH --time=24:00:00
#SBATCH --signal=TERM@120
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --output=%x-%j.log
set -uo pipefail

run=${RUNS:-$HOME/runs}/cnn-mnist
data=${ZOO_DATA:-$HOME/data}

# Slurm 22.05 and 23.02 do not tell srun what sbatch was asked for; said twice it does no harm.
srun --cpus-per-task="$SLURM_CPUS_PER_TASK" python -m zoo.train --model cnn --dataset mnist --batch-size 1024 \
    --ckpt-every 5m --out "$run" --resume --data-dir "$data" --offline --require gpu
code=$?
if [ "$code" -eq 143 ]; then
    scontrol requeue "$SLURM_JOB_ID"
fi
exit "$code"
