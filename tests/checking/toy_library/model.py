"""A model of that library: a list of components."""


class Model:
    def __init__(self, components):
        self.components = components

    def forward(self, x):
        for component in self.components:
            x = component(x)
        return x

    def backward(self, gradient):
        gradients = []
        for component in reversed(self.components):
            result = component.grad(gradient)
            if isinstance(result, tuple):
                gradients.append(result[0])
                gradient = result[1]
            else:
                gradient = result
        return gradients[::-1]

    def update_parameters(self, gradients, learning_rate):
        remaining = iter(gradients)
        for component in self.components:
            if hasattr(component, "update"):
                component.update(next(remaining), learning_rate)
