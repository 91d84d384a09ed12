"""The robust logistic regression as a scikit-learn estimator."""

import warnings
from numbers import Real
from typing import Any, ClassVar

import numpy as np
from scipy.special import expit
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from advscape.linear.regime import collapse_radius, hard_margin, regime
from advscape.linear.robust_loss import HessianTerm, LinearModel, Norm, RobustLoss
from advscape.linear.solve import solve


class AdversarialLogisticRegression(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    r"""Logistic regression trained against the worst noise of a ball, solved exactly.

    .. math::
        \min_{w, b} \sum_i c_i \log(1 + \exp(-m_i)) + \tfrac\alpha2 |w|_2^2, \qquad
        m_i = t_i (w \cdot x_i + b) - \epsilon |w|_q

    with labels t in {-1, +1}, sample weights c adding up to 1 and the dual norm q of the noise
    (Yamada et al. 2021, arXiv 2102.02950). With epsilon 0 it is scikit-learn's LogisticRegression
    with C = 1 / (n alpha). There is no box on the inputs.

    Args:
        epsilon: radius of the noise, at least 0.
        norm: of the noise, "l2" or "linf".
        alpha: weight decay, at least 0, on w and not on the intercept.
        fit_intercept: whether b is free; 0 otherwise.
        tol: largest absolute entry of the gradient, penalty included, at the solution.

    Attributes:
        classes_: (2,) the labels; the second one is t = +1.
        coef_: (1, d) float64, w.
        intercept_: (1,) float64, b.
        n_iter_: Newton steps.
        regime_: "separable", "finite" or "collapsed", see :mod:`advscape.linear.regime`.
        grad_norm_: largest absolute entry of the gradient at the solution, penalty included, of
            the shortest subgradient where the loss has a cone or a kink.
        loss_: the minimum, penalty included.
        n_features_in_: d.

    Raises:
        ConvergenceWarning: in ``fit``, a warning where the gradient stays above ``tol``, as with
            columns of very different sizes.
        ValueError: in ``fit``, where the input is not that of a binary classifier, or where alpha
            is 0 and the classes are separable at epsilon, so that there is no minimiser.

    Example:
        >>> import numpy as np
        >>> from advscape import AdversarialLogisticRegression
        >>> X, y = np.array([[0.0], [1.0], [3.0], [4.0]]), np.array([0, 1, 0, 1])
        >>> model = AdversarialLogisticRegression(epsilon=0.2, alpha=0.01).fit(X, y)
        >>> model.regime_, bool(model.grad_norm_ < 1e-9)
        ('finite', True)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "epsilon": [Interval(Real, 0, None, closed="left")],
        "norm": [StrOptions({"l2", "linf"})],
        "alpha": [Interval(Real, 0, None, closed="left")],
        "fit_intercept": ["boolean"],
        "tol": [Interval(Real, 0, None, closed="neither")],
    }

    def __init__(
        self,
        epsilon: float = 0.0,
        norm: Norm = "l2",
        alpha: float = 1e-4,
        fit_intercept: bool = True,
        tol: float = 1e-9,
    ):
        self.epsilon = epsilon
        self.norm = norm
        self.alpha = alpha
        self.fit_intercept = fit_intercept
        self.tol = tol

    def __sklearn_tags__(self) -> Any:
        """Two classes only."""
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        return tags

    def fit(
        self, X: np.ndarray, y: np.ndarray, sample_weight: np.ndarray | None = None
    ) -> "AdversarialLogisticRegression":
        """Solve for w and b.

        Args:
            X: (n, d) inputs.
            y: (n,) labels of two kinds.
            sample_weight: (n,) weights, at least 0.

        Returns:
            The fitted estimator itself.

        Raises:
            ValueError: there are more than two classes, or no minimiser.
        """
        self._validate_params()
        X, y = validate_data(self, X, y, dtype=np.float64)
        check_classification_targets(y)
        if sample_weight is not None:
            sample_weight = _check_sample_weight(
                sample_weight, X, dtype=np.float64, ensure_non_negative=True
            )
            counted = sample_weight > 0
            X, y, sample_weight = X[counted], y[counted], sample_weight[counted]
        self.classes_ = np.unique(y)
        if len(self.classes_) != 2:
            kinds = "one class" if len(self.classes_) == 1 else f"{len(self.classes_)} classes"
            raise ValueError(
                f"Only binary classification is supported. The type of the target is "
                f"{type_of_target(y)}; the data contains {kinds}."
            )
        problem = self._problem(X, y, sample_weight)
        self.regime_ = self._regime(problem)
        if self.regime_ == "separable" and self.alpha == 0:
            raise ValueError(
                f"There is no minimiser: with epsilon={self.epsilon} the classes are separable "
                "and alpha is 0, so |w| grows without bound. Set alpha above 0."
            )
        solution = solve(problem, self.tol)
        if not solution.converged:
            sizes = np.abs(X).max(axis=0)
            warnings.warn(
                f"The gradient is {solution.grad_norm:.1e}, not within tol={self.tol:g}: these "
                f"coefficients may be far from the minimum's. Column {int(sizes.argmax())} reaches "
                f"{sizes.max():.3g}, column {int(sizes.argmin())} {sizes.min():.3g}; scale the "
                "columns to similar sizes, as with sklearn.preprocessing.StandardScaler.",
                ConvergenceWarning,
                stacklevel=2,
            )
        self.coef_ = solution.model.w[None, :]
        self.intercept_ = np.array([solution.model.b])
        self.n_iter_ = solution.iterations
        self.grad_norm_ = solution.grad_norm
        self.loss_ = problem.value(solution.model)
        return self

    def decision_function(self, X: np.ndarray) -> np.ndarray:
        """Scores w.x + b of the inputs as they are: (n,)."""
        check_is_fitted(self)
        X = validate_data(self, X, dtype=np.float64, reset=False)
        scores: np.ndarray = X @ self.coef_[0] + self.intercept_[0]
        return scores

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Labels of the inputs as they are: (n,)."""
        positive = self.decision_function(X) > 0
        labels: np.ndarray = self.classes_[positive.astype(int)]
        return labels

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """Probabilities of the two classes at the inputs as they are: (n, 2)."""
        score = self.decision_function(X)
        return np.column_stack([expit(-score), expit(score)])

    def hessian(self, X: np.ndarray, y: np.ndarray, term: HessianTerm = "total") -> np.ndarray:
        """Hessian over w of the mean data loss on (X, y) of the fitted model, without the penalty.

        Args:
            X: (n, d) inputs.
            y: (n,) labels.
            term: "frozen" (noise held), "response" (what it adds by following w) or "total".

        Returns:
            (d, d), symmetric.

        Raises:
            ValueError: the model collapsed to w = 0 and the L2 loss has a cone there.
        """
        check_is_fitted(self)
        X, y = validate_data(self, X, y, dtype=np.float64, reset=False)
        unknown = np.setdiff1d(y, self.classes_)
        if len(unknown):
            raise ValueError(f"y contains previously unseen labels: {unknown.tolist()}")
        model = LinearModel(self.coef_[0], float(self.intercept_[0]))
        return self._problem(X, y, None).hessian(model, term)

    def _problem(
        self, X: np.ndarray, y: np.ndarray, sample_weight: np.ndarray | None
    ) -> RobustLoss:
        t = np.where(y == self.classes_[1], 1.0, -1.0)
        return RobustLoss(
            X, t, float(self.epsilon), float(self.alpha), self.norm, sample_weight,
            bool(self.fit_intercept),
        )  # fmt: skip

    def _regime(self, problem: RobustLoss) -> str:
        margin = hard_margin(problem.x, problem.t, problem.norm, problem.bias)
        return regime(float(self.epsilon), margin, collapse_radius(problem))
