#!/usr/bin/env bash
# The whole road on generated images: boxes in, a served segmentation model out.
#
#   bash scripts/demo.sh
#
# Makes .venv, installs, then calls the scripts that a user calls: prepare data, propose
# candidates, train three networks with one budget (from rectangles, from boxes with BoxSup,
# from true masks), evaluate, export, predict. Everything lands in runs/demo. After an
# interruption a second run does what is missing; after a whole run it shows the table again.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/setup_venv.sh
setup_venv requirements.txt

started=$SECONDS
out=runs/demo
python=.venv/bin/python
mkdir -p "$out"
if [[ -f "$out/summary.json" ]]; then
  $python scripts/summarize_demo.py --demo_dir="$out"
  echo "Nothing to do: delete $out to run the demo again."
  exit
fi

prepare() {  # NAME IMAGES SEED
  $python scripts/prepare_data.py --dataset=shapes --look=mats --image_size=160 --num_images="$2" \
    --seed="$3" --num_shards=2 --output_dir="$out/data/$1"
}

# Objects on mats that fit their boxes: --look=mats is made so that the boxes alone choose wrong
# masks, and the alternation has something to do.
prepare train 240 1
# Few superpixels and three at a time: the images are small, and an object is one region. What is
# drawn first, three pictures, are boxes, candidates, and the masks that the boxes alone choose.
$python scripts/generate_proposals.py --input_dir="$out/data/train" \
  --output_dir="$out/data/train_scg" --method=scg --edges=gradient --sigma=0.5 --min_area=40 \
  --max_superpixels=60 --max_regions=3 --prune_box_iou=0.7 --visualize=3
$python scripts/generate_proposals.py --input_dir="$out/data/train" \
  --output_dir="$out/data/train_rectangle" --method=rectangle
prepare val 100 2
prepare unseen 6 3

# One budget for all three: a small network from random weights, the same images and steps.
# The settings of the mask update matter to the run that has something to choose: it asks the
# network, of images twice their size, before the fifth, ninth and thirteenth epoch.
budget=(--init=random --width_multiplier=0.25 --dropout=0 --crop_size=129 --batch_size=4
  --epochs=13 --learning_rate=0.03 --last_layer_rate=1 --schedule=poly --clip_norm=1
  --loss_at=pixels --class_weights=median --k=1 --warmup_epochs=4 --min_agreement=0
  --belief=centred --feedback_weight=3 --min_box_iou=0.7 --update_scale=2 --update_every=4
  --validate_every=13)

train() {  # RUN DATA
  $python scripts/train.py --train_data="$2" --val_data="$out/data/val" --model_dir="$out/$1" \
    "${budget[@]}"
  # The last network: the best one would be chosen on the very images that judge it.
  $python scripts/evaluate.py --model_dir="$out/$1" --checkpoint=last --data="$out/data/val" \
    --output_dir="$out/$1/evaluation"
}

# One small training leaves two cores half idle, so the three run side by side; BoxSup is shown.
trap 'kill $(jobs -p) 2>/dev/null || true' EXIT
declare -A others=(
  [rectangle]="$out/data/train_rectangle:box"
  [mask]="$out/data/train:mask"
)
declare -A process
for run in "${!others[@]}"; do
  train "$run" "${others[$run]}" > "$out/$run.log" 2>&1 &
  process[$run]=$!
done
echo "== training from boxes; from rectangles and true masks meanwhile, see $out/*.log"
train box "$out/data/train_scg:box"
for run in "${!others[@]}"; do
  wait "${process[$run]}" || { tail -n 20 "$out/$run.log"; exit 1; }
done

if [[ ! -d "$out/export" ]]; then
  $python scripts/export.py --model_dir="$out/box" --checkpoint=last --output_dir="$out/export"
fi
$python scripts/extract_images.py --input_dir="$out/data/unseen" --output_dir="$out/unseen"
$python scripts/predict.py --saved_model="$out/export" --images="$out/unseen/*" \
  --output_dir="$out/predictions"
$python scripts/summarize_demo.py --demo_dir="$out" --seconds=$((SECONDS - started))
