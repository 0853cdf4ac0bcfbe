; Programs for lisp.pbt.

(+ 1 2 (* 3 4))
(define (factorial n) (if (< n 2) 1 (* n (factorial (- n 1)))))
(map factorial (range 0 10))

; Closures: each counter has its own n.
(define (make-counter)
  (let ((n 0))
    (lambda () (set! n (+ n 1)) n)))
(define first (make-counter))
(define second (make-counter))
(first) (first)
(list (first) (second))

; A tail call takes no stack, also between two functions.
(let loop ((i 0) (sum 0))
  (if (= i 1000) sum (loop (+ i 1) (+ sum i))))
(define (even? n) (if (= n 0) #t (odd? (- n 1))))
(define (odd? n) (if (= n 0) #f (even? (- n 1))))
(even? 501)

(define (sort items)
  (if (null? items)
      '()
      (let ((pivot (car items)) (rest (cdr items)))
        (append (sort (filter (lambda (x) (< x pivot)) rest))
                (cons pivot (sort (filter (lambda (x) (not (< x pivot))) rest)))))))
(sort '(31 4 15 9 26 5 35 8))

(define (primes n)
  (let sieve ((rest (range 2 n)) (found '()))
    (if (null? rest)
        (reverse found)
        (sieve (filter (lambda (x) (> (remainder x (car rest)) 0)) rest)
               (cons (car rest) found)))))
(primes 40)

; How many ways there are to put n queens on a board of n by n.
(define (queens n)
  (define (safe? row others distance)
    (cond ((null? others) #t)
          ((= (car others) row) #f)
          ((= (car others) (+ row distance)) #f)
          ((= (car others) (- row distance)) #f)
          (else (safe? row (cdr others) (+ distance 1)))))
  (let place ((left n) (board '()))
    (if (= left 0)
        1
        (apply + (map (lambda (row) (if (safe? row board 1) (place (- left 1) (cons row board)) 0))
                      (range 0 n))))))
(map queens (range 1 5))

; Differentiation, the oldest program of all.
(define (derive e x)
  (cond ((eq? e x) 1)
        ((not (pair? e)) 0)
        ((eq? (car e) '+) (list '+ (derive (car (cdr e)) x) (derive (car (cdr (cdr e))) x)))
        ((eq? (car e) '*)
         (let ((a (car (cdr e))) (b (car (cdr (cdr e)))))
           (list '+ (list '* (derive a x) b) (list '* a (derive b x)))))
        (else 'unknown)))
(derive '(+ (* x x) (* 3 x)) 'x)

; Recursion without a name.
((lambda (self n) (self self n))
 (lambda (self n) (if (= n 0) '() (cons n (self self (- n 1)))))
 5)

(define (greet name . titles)
  (for-each-title titles)
  (display (string-append "Hello, " name "!"))
  (newline))
(define (for-each-title titles)
  (cond ((pair? titles) (display (car titles)) (display " ") (for-each-title (cdr titles)))))
(greet "Ada" "Countess" 'of "Lovelace:")

'(a (b . c) "d\n" #t ())
(and 1 2) (or #f 3) (and) (or) (if #f 1)
greet
car

; Mistakes
(undefined-function 1)
(greet)
(+ 1
   (* 2
      "three"))
(1 2 3)
(car '())
(/ 1 0)
(let ((x)) x)
(define (deep n) (+ 1 (deep (+ n 1))))
(deep 0)
(lambda (1) 2)
(quote . x)
"still here"
(never closed
