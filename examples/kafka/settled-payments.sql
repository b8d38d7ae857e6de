-- Payments that have ended, well or not. One that goes back to PENDING leaves the index again.
SELECT id, gateway, amount, status = 'SUCCESS' AS paid, updated_at
FROM payments
WHERE status <> 'PENDING'
