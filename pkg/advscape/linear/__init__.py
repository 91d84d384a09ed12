"""Linear logistic regression under L2 noise, exactly: numpy and scipy only, no torch.

The optimal noise has a closed form, so loss, gradient and Hessian have one too, with the noise's
dependence on the weights inside (Yamada et al. 2021, arXiv 2102.02950).
"""
