//! A long wait that costs the runtime nothing while it lasts.
//!
//! Apart because a timer of tokio's that sleeps is looked at each time the runtime has nothing to do, which is twice a request
//! where one follows the other: a twenty-fifth of what the request costs, for a pool that has nothing to do for a minute.
//! So on Linux the kernel keeps the time, and says so by a descriptor.

use std::time::Duration;

use tokio::time::sleep;

/// Waits for this long. Where the kernel gives no timer, tokio's does as well.
pub(super) async fn wait(duration: Duration) {
    #[cfg(all(target_os = "linux", not(test)))]
    if kernel::wait(duration).await.is_ok() {
        return;
    }
    // Unit tests wait by tokio's clock, which they pause.
    sleep(duration).await;
}

#[cfg(all(target_os = "linux", not(test)))]
mod kernel {
    use std::io;
    use std::time::Duration;

    use rustix::time::{
        Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
        timerfd_settime,
    };
    use tokio::io::Interest;
    use tokio::io::unix::AsyncFd;

    const ZERO: Timespec = Timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };

    #[allow(
        deprecated,
        reason = "its successor came with tokio 1.53.3, and asks for no more than an `OwnedFd` is"
    )]
    pub(super) async fn wait(duration: Duration) -> io::Result<()> {
        let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
        let timer = timerfd_create(TimerfdClockId::Monotonic, flags)?;
        let once = Itimerspec {
            it_interval: ZERO,
            it_value: Timespec::try_from(duration).map_err(|_| io::ErrorKind::InvalidInput)?,
        };
        timerfd_settime(&timer, TimerfdTimerFlags::empty(), &once)?;
        let timer = AsyncFd::with_interest(timer, Interest::READABLE)?;
        let _fired = timer.readable().await?;
        Ok(())
    }
}
