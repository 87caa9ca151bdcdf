"""The training loop: an epoch is a function of the configuration, the seed and its number."""

import json
import math
import os
import queue
import threading
import time

import numpy as np
import tensorflow as tf

from . import augmentation, coco, measurement, network


class Loop:
    """Trains `model` and keeps, in `work`, the newest state and the best on `val`."""

    def __init__(self, config, model, train, val, work):
        self.config, self.model, self.train, self.val, self.work = config, model, train, val, work
        size = config["input"]
        self.width, self.height = size["width"], size["height"]
        self.pictures, self.boxes = measurement.prepared(
            val, self.width, self.height, coco.letterbox
        )
        self.steps = math.ceil(self._real_count() / config["batchSize"])
        self.optimizer = tf.keras.optimizers.AdamW(
            learning_rate=0.0, weight_decay=config["weightDecay"], global_clipnorm=5.0
        )
        self.optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
        self.optimizer.build(model.trainable_variables)
        self.epoch, self.best = 0, -1.0
        self.step = tf.function(self._step)
        work.mkdir(parents=True, exist_ok=True)

    def _real_count(self):
        return sum(sample.source != "rendered" for sample in self.train)

    def _step(self, pictures, heat, weight):
        with tf.GradientTape() as tape:
            values = tf.cast(pictures, tf.float32) / 255
            loss = network.peak_loss(
                self.model(values, training=True), heat, weight, self.config["ignoreAbove"]
            )
        gradients = tape.gradient(loss, self.model.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.model.trainable_variables))
        return loss

    def _rate(self, step):
        """Linear warm-up over the first epoch, then a cosine down to zero."""
        whole = self.config["epochs"] * self.steps
        warm = min(1.0, (step + 1) / self.steps)
        return self.config["learningRate"] * warm * 0.5 * (1 + math.cos(math.pi * step / whole))

    def _order(self, generator):
        """This epoch's samples: the real ones shuffled, a share of them replaced by rendered."""
        real = [index for index, s in enumerate(self.train) if s.source != "rendered"]
        drawn = [index for index, s in enumerate(self.train) if s.source == "rendered"]
        order = generator.permutation(real)
        rendered = self.config.get("rendered")
        if rendered and drawn and self.epoch >= rendered["fromEpoch"]:
            chosen = generator.random(len(order)) < rendered["share"]
            order = np.where(chosen, generator.choice(drawn, len(order)), order)
        return order

    def _batches(self):
        """Augmented batches of this epoch, made by a thread ahead of the network."""
        size, made = self.config["batchSize"], queue.Queue(maxsize=4)
        generator = np.random.default_rng([self.config["seed"], self.epoch])
        order = self._order(generator)

        def make():
            for start in range(0, len(order), size):
                made.put(self._batch(order[start : start + size], generator))
            made.put(None)

        threading.Thread(target=make, daemon=True).start()
        while (batch := made.get()) is not None:
            yield batch

    def _batch(self, indices, generator):
        pictures, heats, weights = [], [], []
        for index in indices:
            sample = self.train[index]
            picture, boxes, labels, ignored = augmentation.random_view(
                sample, self.width, self.height, generator
            )
            heat, weight = augmentation.target(
                boxes,
                labels,
                ignored,
                sample.complete,
                self.width,
                self.height,
                len(self.config["labels"]),
            )
            pictures.append(picture)
            heats.append(heat)
            weights.append(weight)
        return np.array(pictures), np.array(heats), np.array(weights)

    def run(self, log=print):
        """Train the epochs that are left; after each, measure on val and save."""
        while self.epoch < self.config["epochs"]:
            start, losses = time.time(), []
            for index, batch in enumerate(self._batches()):
                self.optimizer.learning_rate.assign(self._rate(self.epoch * self.steps + index))
                losses.append(float(self.step(*map(tf.constant, batch))))
            trained = time.time() - start
            scores = self.measure()
            figure = float(np.mean([score.f1().max() for score in scores.values()]))
            self.epoch += 1
            if figure > self.best:
                self.best = figure
                self.model.save_weights(self.work / "best.weights.h5")
            self._save()
            parts = " ".join(
                f"{source} {score.f1().max():.3f}" for source, score in sorted(scores.items())
            )
            log(
                f"epoch {self.epoch}/{self.config['epochs']} loss {np.mean(losses):.4f} "
                f"val F1 {parts} mean {figure:.3f} (best {self.best:.3f}) "
                f"{trained:.0f}+{time.time() - start - trained:.0f} s"
            )

    def measure(self):
        """Scores on val by source, with the model's present weights."""
        return measurement.by_source(self.val, self.boxes, predict(self.model, self.pictures))

    def _save(self):
        """Everything that the next epoch depends on, replaced in one step."""
        arrays = {f"w{i}": value for i, value in enumerate(self.model.get_weights())}
        arrays |= {f"o{i}": np.array(v) for i, v in enumerate(self.optimizer.variables)}
        partial = self.work / "state.partial.npz"
        np.savez(partial, epoch=self.epoch, best=self.best, **arrays)
        os.replace(partial, self.work / "state.npz")
        (self.work / "progress.json").write_text(
            json.dumps({"epoch": self.epoch, "best": self.best}) + "\n"
        )

    def resume(self):
        """Go on from the newest state, if there is one."""
        path = self.work / "state.npz"
        if not path.exists():
            return
        state = np.load(path)
        self.model.set_weights([state[f"w{i}"] for i in range(len(self.model.weights))])
        for index, variable in enumerate(self.optimizer.variables):
            variable.assign(state[f"o{index}"])
        self.epoch, self.best = int(state["epoch"]), float(state["best"])


def predict(model, pictures, batch=32):
    """The model's grids for uint8 pictures."""
    run = tf.function(lambda values: model(tf.cast(values, tf.float32) / 255, training=False))
    return np.concatenate(
        [
            run(tf.constant(pictures[start : start + batch])).numpy()
            for start in range(0, len(pictures), batch)
        ]
    )
