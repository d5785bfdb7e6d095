import numpy as np

# Column-major as in the course: X is (n_x, m), one example per column.


def sigmoid(Z):
    """returns A and the cache (Z) for the backward pass"""
    A = 1 / (1 + np.exp(-Z))
    return A, Z


def sigmoid_backward(dA, cache):
    s = 1 / (1 + np.exp(-cache))
    return dA * s * (1 - s)


def relu(Z):
    return np.maximum(0, Z), Z


def relu_backward(dA, cache):
    dZ = np.array(dA, copy=True)
    dZ[cache <= 0] = 0
    return dZ


def softmax(Z):
    """Z: (n_classes, m); every column of the result sums to 1"""
    T = np.exp(Z - Z.max(axis=0, keepdims=True))
    A = T / T.sum(axis=0, keepdims=True)
    return A, A


def softmax_backward(dA, cache):
    A = cache
    return A * (dA - (A * dA).sum(axis=0, keepdims=True))


def linear_forward(A, W, b):
    """A: (n_prev, m), W: (n, n_prev), b: (n, 1)"""
    return W @ A + b, (A, W, b)


def linear_backward(dZ, cache):
    """dZ of a cost that is SUMMED over the examples; dW and db are those of the average."""
    A_prev, W, b = cache
    m = A_prev.shape[1]
    dW = dZ @ A_prev.T / m
    db = dZ.sum(axis=1, keepdims=True) / m
    dA_prev = W.T @ dZ
    return dA_prev, dW, db


def linear_activation_forward(A_prev, W, b, activation):
    Z, linear_cache = linear_forward(A_prev, W, b)
    A, activation_cache = {"sigmoid": sigmoid, "relu": relu}[activation](Z)
    return A, (linear_cache, activation_cache)


def linear_activation_backward(dA, cache, activation):
    linear_cache, activation_cache = cache
    back = {"sigmoid": sigmoid_backward, "relu": relu_backward}[activation]
    return linear_backward(back(dA, activation_cache), linear_cache)


def initialize_velocity(parameters):
    return {"d" + k: np.zeros_like(p) for k, p in parameters.items()}


def update_parameters_with_momentum(parameters, grads, v, beta=0.9, learning_rate=0.01):
    """The velocity is an exponentially weighted average of the gradients:
    v = beta * v + (1 - beta) * dW;   W = W - learning_rate * v
    """
    for k in parameters:
        v["d" + k] = beta * v["d" + k] + (1 - beta) * grads["d" + k]
        parameters[k] = parameters[k] - learning_rate * v["d" + k]
    return parameters, v


def initialize_adam(parameters):
    return initialize_velocity(parameters), initialize_velocity(parameters)


def update_parameters_with_adam(parameters, grads, v, s, t, learning_rate=0.01,
                                beta1=0.9, beta2=0.999, epsilon=1e-8):
    """t counts the updates, starting from 1"""
    for k in parameters:
        g = grads["d" + k]
        v["d" + k] = beta1 * v["d" + k] + (1 - beta1) * g
        s["d" + k] = beta2 * s["d" + k] + (1 - beta2) * np.square(g)
        v_corrected = v["d" + k] / (1 - beta1 ** t)
        s_corrected = s["d" + k] / (1 - beta2 ** t)
        parameters[k] = parameters[k] - learning_rate * v_corrected / (np.sqrt(s_corrected) + epsilon)
    return parameters, v, s
