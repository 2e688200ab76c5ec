# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Options of every module that calls Kubernetes."""

from __future__ import annotations


class ModuleDocFragment:
    """The cluster, by kubeconfig and context."""

    DOCUMENTATION = r"""
options:
  kubeconfig:
    description: File that names the cluster and the login.
    type: path
    required: true
  context:
    description: Context of that file; by default its current one.
    type: str
requirements:
  - kubernetes >= 31
"""
