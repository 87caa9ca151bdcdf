"""Steps of a training on what Keras computes with: TensorFlow, or JAX where KERAS_BACKEND says so."""

import functools

import keras
import numpy as np


def engine(model, optimizer, loss):
    """What trains `model`: `step`, `refreeze`, `average`, `settle` and `load`, as in _TensorFlow.

    `loss(outputs, values, *target)` is of the model's outputs for pictures `values` in [0, 1].
    """
    kinds = {"tensorflow": _TensorFlow, "jax": _Jax}
    return kinds[keras.backend.backend()](model, optimizer, loss)


def inference(model):
    """A function from uint8 pictures to the model's outputs for them, a list of arrays."""
    return (_inference_jax if keras.backend.backend() == "jax" else _inference_tensorflow)(model)


def _depth(model):
    return model.input.shape[-1]


class _TensorFlow:
    """Variables of model, optimizer and average change in place."""

    def __init__(self, model, optimizer, loss):
        import tensorflow as tf

        self.tf, self.model, self.optimizer, self.loss = tf, model, optimizer, loss
        self.kept = [tf.Variable(w, trainable=False) for w in model.weights]
        self.refreeze()

    def refreeze(self):
        """To be called when layers have been frozen or freed."""
        self.compiled = self.tf.function(self._step)

    def step(self, batch, rate, decay):
        """Learn from `batch`, (pictures, *target) as arrays; returns the loss. Of the averaged weights
        `decay` stays.
        """
        self.optimizer.learning_rate.assign(rate)
        pictures, *target = map(self.tf.constant, batch)
        return self.compiled(pictures, self.tf.constant(decay, self.tf.float32), *target)

    def _step(self, pictures, decay, *target):
        tf = self.tf
        with tf.GradientTape() as tape:
            values = tf.cast(pictures, tf.float32) / 255
            outputs = keras.tree.flatten(self.model(values[..., : _depth(self.model)], training=True))
            loss = self.loss(outputs, values, *target)
        variables = self.model.trainable_variables
        self.optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables))
        for kept, now in zip(self.kept, self.model.weights):
            kept.assign(kept * decay + tf.convert_to_tensor(now) * (1 - decay))
        return loss

    def average(self):
        """The averaged weights, in the order of the model's."""
        return [kept.numpy() for kept in self.kept]

    def settle(self):
        """Put what has been learnt into the variables of model and optimizer."""

    def load(self, average):
        """Go on from those variables, and these averaged weights."""
        for kept, value in zip(self.kept, average):
            kept.assign(value)


class _Jax:
    """A step is one compiled function of all that changes; variables change when settled alone."""

    def __init__(self, model, optimizer, loss):
        self.model, self.optimizer, self.loss = model, optimizer, loss
        self.optimized = self._places(model.trainable_variables)
        self.rate = [variable.name for variable in optimizer.variables].index("learning_rate")
        self.load(model.get_weights())
        self.refreeze()

    def _places(self, variables):
        """Where in the model's weights these variables are."""
        place = {id(variable): index for index, variable in enumerate(self.model.weights)}
        return [place[id(variable)] for variable in variables]

    def refreeze(self):
        import jax

        self.learned = self._places(self.model.trainable_variables)
        self.fixed = self._places(self.model.non_trainable_variables)
        self.compiled = jax.jit(self._step, donate_argnums=(0, 1, 2))

    def step(self, batch, rate, decay):
        made = self.compiled(*self.state, batch, np.float32(rate), np.float32(decay))
        self.state = made[:3]
        return made[3]

    def _step(self, weights, slots, average, batch, rate, decay):
        import jax
        import jax.numpy as jnp

        pictures, *target = batch
        values = pictures.astype(jnp.float32) / 255
        fixed = [weights[index] for index in self.fixed]

        def measured(learned):
            outputs, after = self.model.stateless_call(
                learned, fixed, values[..., : _depth(self.model)], training=True
            )
            return self.loss(keras.tree.flatten(outputs), values, *target), after

        learned = [weights[index] for index in self.learned]
        (loss, after), gradients = jax.value_and_grad(measured, has_aux=True)(learned)
        changed = list(weights)
        for index, value in zip(self.fixed, after):
            changed[index] = value
        slots = list(slots)
        slots[self.rate] = rate
        gradient = dict(zip(self.learned, gradients))
        wanted = [gradient.get(index, jnp.zeros_like(weights[index])) for index in self.optimized]
        moved, slots = self.optimizer.stateless_apply(
            slots, wanted, [weights[index] for index in self.optimized]
        )
        for index, value in zip(self.optimized, moved):
            if index in gradient:
                changed[index] = value
        average = [kept * decay + now * (1 - decay) for kept, now in zip(average, changed)]
        return changed, slots, average, loss

    def average(self):
        return [np.array(value) for value in self.state[2]]

    def settle(self):
        for variables, values in zip((self.model.weights, self.optimizer.variables), self.state):
            for variable, value in zip(variables, values):
                variable.assign(np.array(value))

    def load(self, average):
        import jax.numpy as jnp

        # Copies: what is handed to a step is given away, and the variables must keep theirs.
        self.state = tuple(
            [jnp.array(np.array(value)) for value in values]
            for values in (self.model.weights, self.optimizer.variables, average)
        )


@functools.cache
def _inference_tensorflow(model):
    import tensorflow as tf

    run = tf.function(
        lambda values: keras.tree.flatten(model(tf.cast(values, tf.float32) / 255, training=False)),
        reduce_retracing=True,
    )
    return lambda pictures: [part.numpy() for part in run(tf.constant(pictures))]


@functools.cache
def _inference_jax(model):
    import jax

    @jax.jit
    def compiled(trainable, fixed, pictures):
        values = pictures.astype(np.float32) / 255
        return keras.tree.flatten(model.stateless_call(trainable, fixed, values, training=False)[0])

    def run(pictures):
        trainable = [variable.value for variable in model.trainable_variables]
        fixed = [variable.value for variable in model.non_trainable_variables]
        return [np.array(part) for part in compiled(trainable, fixed, pictures)]

    return run
