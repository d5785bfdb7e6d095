import numpy as np

# Examples are the COLUMNS:  X has shape (n_x, m).


def sigmoid(Z):
    """
    Arguments:
    Z -- numpy array of any shape

    Returns:
    A -- output of sigmoid(Z), same shape as Z
    cache -- Z, stored for computing the backward pass efficiently
    """
    A = 1 / (1 + np.exp(-Z))
    cache = Z
    return A, cache


def sigmoid_backward(dA, cache):
    """Backward propagation for a single SIGMOID unit."""
    Z = cache
    dZ = dA * Z * (1 - Z)
    assert dZ.shape == Z.shape
    return dZ


def tanh(Z):
    return np.tanh(Z), Z


def tanh_backward(dA, cache):
    Z = cache
    return dA * (1 - np.tanh(Z) ** 2)


def softmax(Z):
    """Z -- (n_classes, m), one column per example. The columns of A sum to one."""
    T = np.exp(Z - np.max(Z, axis=1, keepdims=True))
    A = T / np.sum(T, axis=1, keepdims=True)
    return A, A


def softmax_backward(dA, cache):
    A = cache
    return A * (dA - np.sum(dA * A, axis=1, keepdims=True))


def linear_forward(A_prev, W, b):
    """W -- (n_l, n_{l-1}),  b -- (n_l, 1)"""
    Z = np.dot(W, A_prev) + b
    return Z, (A_prev, W, b)


def linear_backward(dZ, cache):
    # the 1/m is already contained in dZ, it comes from the cost
    A_prev, W, b = cache
    dW = np.dot(A_prev, dZ.T)
    db = np.sum(dZ, axis=1, keepdims=True)
    dA_prev = np.dot(W.T, dZ)
    return dA_prev, dW, db
