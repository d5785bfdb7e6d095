"""Array types for annotations: what a function expects, axis by axis.

An annotation such as ``Float[Array, "n d"]`` is jaxtyping's: an array of floating dtype with two
axes. jaxtyping is a test dependency, so outside of type checking it is imported only when the tests
ask for it (``BACKPROOF_ENFORCE_SHAPES=1``), where every annotation becomes an assertion.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, TypeAlias

__all__ = ["Array", "Float", "Int", "Namespace", "Shaped"]

#: An array of any library that follows the array API standard. The standard has no common base class.
Array: TypeAlias = Any
#: The array API namespace that an array belongs to, e.g. the module ``numpy``.
Namespace: TypeAlias = Any

if TYPE_CHECKING:
    from jaxtyping import Float, Int, Shaped
elif os.environ.get("BACKPROOF_ENFORCE_SHAPES"):
    import jaxtyping
    from jaxtyping import Int, Shaped

    class Float(jaxtyping.AbstractDtype):
        """Any floating dtype, NumPy's extended precision among them, in which references are tried."""

        dtypes = (*jaxtyping.Float.dtypes, "longdouble")

else:

    class _Annotation:
        """Stands in for a jaxtyping annotation: ``Float[Array, "n d"]`` is ``Array``."""

        def __class_getitem__(cls, item: tuple[Any, str]) -> Any:
            return item[0]

    Float = Int = Shaped = _Annotation
