"""The training loop: a round is a function of the configuration, the seed and its number."""

import json
import math
import os
import time

import keras
import numpy as np

from . import losses, making, network, sampling, steps


class Loop:
    """Trains `model` and keeps, in `work`, the newest state and the best on `val`.

    What is measured and kept is the moving average of the weights over about the last
    1 / (1 - `average`) steps, which finds more than any single step's.
    """

    def __init__(self, config, model, task, train, work, teacher=None):
        self.config, self.model, self.task, self.train, self.work = config, model, task, train, work
        self.teacher = teacher
        self.optimizer = keras.optimizers.AdamW(
            learning_rate=0.0, weight_decay=config["weightDecay"], global_clipnorm=5.0
        )
        self.optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
        self.optimizer.build(model.trainable_variables)
        self.engine = steps.engine(model, self.optimizer, self._loss)
        self.round, self.best, self.since_best = 0, -1.0, 0
        self.trainable = None
        work.mkdir(parents=True, exist_ok=True)

    def _loss(self, outputs, values, *target):
        loss = self.task.loss(outputs, *target)
        if self.teacher is None:
            return loss
        taught = self.teacher(values[..., : self.teacher.input.shape[-1]], training=False)
        share = self.config["distillation"]["share"]
        return (1 - share) * loss + share * losses.imitation(outputs[0], keras.tree.flatten(taught)[0])

    def _freeze(self):
        """Hold the first layers from the round on that the configuration names.

        A step is then much shorter: most of its time goes into layers of large pictures.
        """
        plan = self.config["frozen"]
        due = bool(plan["through"]) and self.round >= self.config["rounds"] * plan["from"]
        if self.trainable is None or due == self.trainable:
            network.freeze(self.model, plan["through"] if due else "")
            self.trainable = not due
            self.engine.refreeze()

    def _rate(self, step):
        """Linear warm-up, then a cosine down to zero."""
        whole = self.config["rounds"] * self.config["stepsPerRound"]
        warm = min(1.0, (step + 1) / max(1, min(100, whole // 10)))
        cosine = 0.5 * (1 + math.cos(math.pi * min(1.0, step / whole)))
        return self.config["learningRate"] * warm * cosine

    def order(self, number):
        """The samples that round `number` draws, in their order: indices into `train`."""
        generator = np.random.default_rng([self.config["seed"], number])
        plan = self.config["sampling"]
        usable = [
            index
            for index, s in enumerate(self.train)
            if s.source != "rendered" or number >= self.config["rounds"] * self.config["rendered"]["from"]
        ]
        chances = sampling.probabilities(
            [self.train[index] for index in usable], plan["power"], plan["shares"]
        )
        count = self.config["batchSize"] * self.config["stepsPerRound"]
        return np.array(usable)[sampling.draw(chances, count, generator)]

    def batch(self, order, number, step):
        """Batch `step` of round `number`, which draws `order`: pictures, and arrays of targets."""
        size = self.config["batchSize"]
        generator = np.random.default_rng([self.config["seed"], number, step])
        chosen = order[step * size : (step + 1) * size]
        made = [self.task.example(index, order, generator) for index in chosen]
        pictures = np.array([picture for picture, _ in made])
        return pictures, *(np.array(part) for part in zip(*(target for _, target in made)))

    @property
    def best_round(self):
        """The round whose weights are kept; 0 where these are the ones that it started from."""
        return self.round - self.since_best

    def measure_start(self, log):
        """Before the first round: keep the weights that it starts from, until a round is better on val."""
        if self.round == 0:
            self.best, text = self.measure()
            self._save_best()
            log(f"start val {text} mean {self.best:.3f}")

    def run(self, log=print, workers=1):
        """Train the rounds that are left; after each, measure on val and save. `workers` processes make
        the batches.
        """
        rounds, steps = self.config["rounds"], self.config["stepsPerRound"]
        began, done_before = time.time(), self.round
        with making.Makers(self, workers) as makers:
            while self.round < rounds and self.since_best < self.config["patience"]:
                start, total = time.time(), []
                self._freeze()
                for index, batch in enumerate(makers.batches(self.round, steps)):
                    step = self.round * steps + index
                    decay = min(self.config["average"], (1 + step) / (10 + step))
                    total.append(self.engine.step(batch, self._rate(step), decay))
                mean = np.mean([float(loss) for loss in total])
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
                    f"round {self.round}/{rounds} loss {mean:.3f} val {text} "
                    f"mean {figure:.3f} (best {self.best:.3f}) {trained:.0f}+"
                    f"{time.time() - start - trained:.0f} s, {left / 60:.0f} min left"
                )
        if self.since_best >= self.config["patience"]:
            log(f"stopped: no better for {self.since_best} rounds")

    def averaged(self):
        """Put the averaged weights into the model; returns those it had."""
        self.engine.settle()
        now = self.model.get_weights()
        self.model.set_weights(self.engine.average())
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
        self.engine.settle()
        arrays = {f"w{i}": value for i, value in enumerate(self.model.get_weights())}
        arrays |= {f"a{i}": kept for i, kept in enumerate(self.engine.average())}
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
        for index, variable in enumerate(self.optimizer.variables):
            variable.assign(state[f"o{index}"])
        self.engine.load([state[f"a{i}"] for i in range(len(self.model.weights))])
        self.round, self.best = int(state["round"]), float(state["best"])
        self.since_best = int(state["since_best"])


def predict(model, pictures, batch=16):
    """The model's outputs for uint8 pictures: a list of (count, rows, columns, channels)."""
    run = steps.inference(model)
    made = []
    for start in range(0, len(pictures), batch):
        some = pictures[start : start + batch]
        missing = min(batch, len(pictures)) - len(some)  # one shape: each is compiled anew
        padded = np.concatenate([some, np.zeros_like(pictures[:missing])])
        made.append([part[: len(some)] for part in run(padded)])
    return [np.concatenate(parts) for parts in zip(*made)]
