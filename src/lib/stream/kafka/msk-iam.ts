import aws4 from 'aws4'

/** Seconds; a connection that stays longer logs in again, with a token of its own. */
const EXPIRES = 900

/**
 * The token of Amazon MSK's access control by IAM: a signed URL of the action kafka-cluster:Connect, in base64url. The
 * credentials are those of the environment.
 *
 * Source: https://github.com/aws/aws-msk-iam-sasl-signer-js
 */
export function mskToken(region: string): string {
  const host = `kafka.${region}.amazonaws.com`
  const { path } = aws4.sign({
    host,
    method: 'GET',
    path: `/?Action=kafka-cluster%3AConnect&X-Amz-Expires=${EXPIRES}`,
    service: 'kafka-cluster',
    region,
    signQuery: true
  })
  // Behind the signature, which is not about it.
  return Buffer.from(`https://${host}${path}&User-Agent=millrace`).toString('base64url')
}
