# METADATA
# title: Egress goes through six layers
# description: |
#   The pods of a namespace go where its model says and nowhere else: nothing by default, DNS to the cluster's, HTTPS to approved destinations, databases from backend
#   pods, shared services of other namespaces, and the Kubernetes API from controllers.
# related_resources:
#   - ref: https://csrc.nist.gov/projects/cprt/catalog#/cprt/framework/version/SP_800_53_5_1_1/home?element=SC-7
#     description: NIST 800-53 SC-7, boundary protection
#   - ref: https://csrc.nist.gov/projects/cprt/catalog#/cprt/framework/version/SP_800_53_5_1_1/home?element=AC-4
#     description: NIST 800-53 AC-4, information flow enforcement
#   - ref: https://www.cisecurity.org/benchmark/kubernetes
#     description: CIS Kubernetes 5.3.2
#   - ref: https://attack.mitre.org/techniques/T1048/
#     description: MITRE ATT&CK T1048, exfiltration over alternative protocol
#   - ref: https://attack.mitre.org/techniques/T1071/
#     description: MITRE ATT&CK T1071, application layer protocol
# custom:
#   control: egress-model
#   version: 1.0.0
#   severity: medium
package egress.controls.egress_model
