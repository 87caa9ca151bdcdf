"""The training loop: a round is a function of the configuration, the seed and its number."""

import functools
import json
import math
import os
import queue
import threading
import time

import numpy as np
import tensorflow as tf

from . import losses, network, sampling


class Loop:
    """Trains `model` and keeps, in `work`, the newest state and the best on `val`.

    What is measured and kept is the moving average of the weights over about the last
    1 / (1 - `average`) steps, which finds more than any single step's.
    """

    def __init__(self, config, model, task, train, work, teacher=None):
        self.config, self.model, self.task, self.train, self.work = config, model, task, train, work
        self.teacher = teacher
        self.optimizer = tf.keras.optimizers.AdamW(
            learning_rate=0.0, weight_decay=config["weightDecay"], global_clipnorm=5.0
        )
        self.optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
        self.optimizer.build(model.trainable_variables)
        self.average = [tf.Variable(w, trainable=False) for w in model.weights]
        self.round, self.best, self.since_best = 0, -1.0, 0
        self.trainable = None
        work.mkdir(parents=True, exist_ok=True)

    def _step(self, pictures, decay, *target):
        with tf.GradientTape() as tape:
            values = tf.cast(pictures, tf.float32) / 255
            outputs = tf.nest.flatten(self.model(values[..., : self.model.input.shape[-1]], training=True))
            loss = self.task.loss(outputs, *target)
            if self.teacher is not None:
                taught = self.teacher(values[..., : self.teacher.input.shape[-1]], training=False)
                share = self.config["distillation"]["share"]
                imitation = losses.imitation(outputs[0], tf.nest.flatten(taught)[0])
                loss = (1 - share) * loss + share * imitation
        variables = self.model.trainable_variables
        self.optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables))
        for kept, now in zip(self.average, self.model.weights):
            kept.assign(kept * decay + tf.convert_to_tensor(now) * (1 - decay))
        return loss

    def _freeze(self):
        """Hold the first layers from the round on that the configuration names.

        A step is then much shorter: most of its time goes into layers of large pictures.
        """
        plan = self.config["frozen"]
        due = bool(plan["through"]) and self.round >= self.config["rounds"] * plan["from"]
        if self.trainable is None or due == self.trainable:
            network.freeze(self.model, plan["through"] if due else "")
            self.trainable = not due
            self.step = tf.function(self._step)

    def _rate(self, step):
        """Linear warm-up, then a cosine down to zero."""
        whole = self.config["rounds"] * self.config["stepsPerRound"]
        warm = min(1.0, (step + 1) / max(1, min(100, whole // 10)))
        cosine = 0.5 * (1 + math.cos(math.pi * min(1.0, step / whole)))
        return self.config["learningRate"] * warm * cosine

    def _batches(self):
        """Augmented batches of this round, made by a thread ahead of the network."""
        generator = np.random.default_rng([self.config["seed"], self.round])
        size, steps = self.config["batchSize"], self.config["stepsPerRound"]
        plan = self.config["sampling"]
        usable = [
            index
            for index, s in enumerate(self.train)
            if s.source != "rendered"
            or self.round >= self.config["rounds"] * self.config["rendered"]["from"]
        ]
        chances = sampling.probabilities(
            [self.train[index] for index in usable], plan["power"], plan["shares"]
        )
        order = np.array(usable)[sampling.draw(chances, size * steps, generator)]
        made = queue.Queue(maxsize=4)

        def make():
            try:
                for start in range(0, len(order), size):
                    made.put(self._batch(order, start, size, generator))
                made.put(None)
            except Exception as error:  # it must reach the thread that waits
                made.put(error)

        threading.Thread(target=make, daemon=True).start()
        while (batch := made.get()) is not None:
            if isinstance(batch, Exception):
                raise batch
            yield batch

    def _batch(self, order, start, size, generator):
        made = [
            self.task.example(index, order, generator) for index in order[start : start + size]
        ]
        pictures = np.array([picture for picture, _ in made])
        return pictures, *(np.array(part) for part in zip(*(target for _, target in made)))

    def run(self, log=print):
        """Train the rounds that are left; after each, measure on val and save."""
        rounds, steps = self.config["rounds"], self.config["stepsPerRound"]
        began, done_before = time.time(), self.round
        while self.round < rounds:
            start, total = time.time(), []
            self._freeze()
            for index, batch in enumerate(self._batches()):
                step = self.round * steps + index
                self.optimizer.learning_rate.assign(self._rate(step))
                decay = tf.constant(min(self.config["average"], (1 + step) / (10 + step)))
                pictures, *target = map(tf.constant, batch)
                total.append(float(self.step(pictures, decay, *target)))
            trained = time.time() - start
            figure, text = self.measure()
            self.round += 1
            self.since_best += 1
            if figure > self.best:
                self.best, self.since_best = figure, 0
                self._save_best()
            self._save()
            left = (time.time() - began) / (self.round - done_before) * (rounds - self.round)
            log(
                f"round {self.round}/{rounds} loss {np.mean(total):.3f} val {text} "
                f"mean {figure:.3f} (best {self.best:.3f}) {trained:.0f}+"
                f"{time.time() - start - trained:.0f} s, {left / 60:.0f} min left"
            )
            if self.since_best >= self.config["patience"]:
                log(f"stopped: no better for {self.since_best} rounds")
                break

    def averaged(self):
        """Put the averaged weights into the model; returns those it had."""
        now = self.model.get_weights()
        self.model.set_weights([kept.numpy() for kept in self.average])
        return now

    def measure(self):
        """The task's figure and text on val, with the averaged weights."""
        now = self.averaged()
        measured = self.task.measure(lambda pictures: predict(self.model, pictures))
        self.model.set_weights(now)
        return measured

    def _save_best(self):
        now = self.averaged()
        partial = self.work / "best.partial.npz"
        np.savez(partial, **network.weights(self.model))
        os.replace(partial, self.work / "best.npz")
        self.model.set_weights(now)

    def _save(self):
        """Everything that the next round depends on, replaced in one step."""
        arrays = {f"w{i}": value for i, value in enumerate(self.model.get_weights())}
        arrays |= {f"a{i}": kept.numpy() for i, kept in enumerate(self.average)}
        arrays |= {f"o{i}": np.array(v) for i, v in enumerate(self.optimizer.variables)}
        partial = self.work / "state.partial.npz"
        np.savez(partial, round=self.round, best=self.best, since_best=self.since_best, **arrays)
        os.replace(partial, self.work / "state.npz")
        (self.work / "progress.json").write_text(
            json.dumps({"round": self.round, "best": self.best}) + "\n"
        )

    def resume(self):
        """Go on from the newest state, if there is one."""
        path = self.work / "state.npz"
        if not path.exists():
            return
        state = np.load(path)
        self.model.set_weights([state[f"w{i}"] for i in range(len(self.model.weights))])
        for index, kept in enumerate(self.average):
            kept.assign(state[f"a{index}"])
        for index, variable in enumerate(self.optimizer.variables):
            variable.assign(state[f"o{index}"])
        self.round, self.best = int(state["round"]), float(state["best"])
        self.since_best = int(state["since_best"])


def predict(model, pictures, batch=16):
    """The model's outputs for uint8 pictures: a list of (count, rows, columns, channels)."""
    run = _inference(model)
    made = [
        [part.numpy() for part in run(tf.constant(pictures[start : start + batch]))]
        for start in range(0, len(pictures), batch)
    ]
    return [np.concatenate(parts) for parts in zip(*made)]


@functools.cache
def _inference(model):
    return tf.function(
        lambda values: tf.nest.flatten(model(tf.cast(values, tf.float32) / 255, training=False)),
        reduce_retracing=True,
    )
